"""XGBoost, exported by onnxmltools."""

from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier, XGBRFRegressor

from matrix import export
from matrix.data import birds, cancer, diabetes
from matrix.pipelines import Family

FAMILY = Family("xgboost", export=export.xgboost)
add = FAMILY.add
FEW = {"n_estimators": 30, "random_state": 0, "n_jobs": 1}

add("xgboost-binary", XGBClassifier(**FEW), cancer())
add("xgboost", XGBClassifier(**FEW), birds())
add("xgboost-deep", XGBClassifier(max_depth=12, **FEW), birds())
add("xgboost-missing", XGBClassifier(**FEW), cancer().with_gaps())
add("xgboost-base-score", XGBClassifier(base_score=0.2, **FEW), cancer())
add("xgboost-forest", XGBRFClassifier(**FEW), cancer())
add("xgboost-forest-classes", XGBRFClassifier(**FEW), birds())
add("xgboost-lossguide", XGBClassifier(grow_policy="lossguide", max_leaves=15, tree_method="hist", **FEW), cancer())
add("xgboost-softmax", XGBClassifier(objective="multi:softmax", **FEW), birds())
add("xgboost-early-stopping", XGBClassifier(early_stopping_rounds=3, **FEW), cancer(),
    fit={"eval_set": [cancer().fitted_on()], "verbose": False})
add("xgboost-regressor", XGBRegressor(**FEW), diabetes())
add("xgboost-regressor-missing", XGBRegressor(**FEW), diabetes().with_gaps())
add("xgboost-regressor-base-score", XGBRegressor(base_score=100.0, **FEW), diabetes())
add("xgboost-regressor-forest", XGBRFRegressor(**FEW), diabetes())
add("xgboost-poisson", XGBRegressor(objective="count:poisson", **FEW), diabetes())
add("xgboost-gamma", XGBRegressor(objective="reg:gamma", **FEW), diabetes())
add("xgboost-tweedie", XGBRegressor(objective="reg:tweedie", **FEW), diabetes())
add("xgboost-logistic", XGBRegressor(objective="reg:logistic", **FEW), cancer())
add("xgboost-absolute", XGBRegressor(objective="reg:absoluteerror", **FEW), diabetes())
