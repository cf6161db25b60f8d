"""LightGBM, exported by onnxmltools."""

from lightgbm import LGBMClassifier, LGBMRanker, LGBMRegressor

from matrix import export
from matrix.data import SPECIES, birds, cancer, diabetes, digits
from matrix.pipelines import Family

FAMILY = Family("lightgbm", export=export.lightgbm)
add = FAMILY.add
FEW = {"n_estimators": 30, "random_state": 0, "n_jobs": 1, "verbose": -1}

add("lightgbm-binary", LGBMClassifier(**FEW), cancer())
add("lightgbm", LGBMClassifier(**FEW), birds())
add("lightgbm-strings", LGBMClassifier(**FEW), birds().labelled(SPECIES))
add("lightgbm-missing", LGBMClassifier(**FEW), cancer().with_gaps())
add("lightgbm-no-zipmap", LGBMClassifier(**FEW), birds(), options={"zipmap": False})
add("lightgbm-forest", LGBMClassifier(boosting_type="rf", bagging_freq=1, bagging_fraction=0.7, **FEW), cancer())
add("lightgbm-goss", LGBMClassifier(data_sample_strategy="goss", **FEW), cancer())
add("lightgbm-dart", LGBMClassifier(boosting_type="dart", **FEW), cancer())
add("lightgbm-one-vs-all", LGBMClassifier(objective="multiclassova", **FEW), birds())
add("lightgbm-regressor", LGBMRegressor(**FEW), diabetes())
add("lightgbm-regressor-missing", LGBMRegressor(**FEW), diabetes().with_gaps())
add("lightgbm-regressor-split", LGBMRegressor(**FEW), diabetes(), options={"split": 10})
add("lightgbm-regressor-dart", LGBMRegressor(boosting_type="dart", **FEW), diabetes())
add("lightgbm-regressor-forest", LGBMRegressor(boosting_type="rf", bagging_freq=1, bagging_fraction=0.7, **FEW),
    diabetes())
add("lightgbm-regressor-goss", LGBMRegressor(data_sample_strategy="goss", **FEW), diabetes())
add("lightgbm-poisson", LGBMRegressor(objective="poisson", **FEW), diabetes())
add("lightgbm-tweedie", LGBMRegressor(objective="tweedie", **FEW), diabetes())
add("lightgbm-quantile", LGBMRegressor(objective="quantile", alpha=0.9, **FEW), diabetes())
add("lightgbm-categories", LGBMClassifier(**FEW), digits(), fit={"categorical_feature": list(range(20, 40))})
add("lightgbm-ranker", LGBMRanker(**FEW), birds(), fit={"group": [71, 100]})
