"""CatBoost, exported by itself."""

from catboost import CatBoostClassifier, CatBoostRegressor

from matrix import export
from matrix.data import SPECIES, birds, cancer, diabetes, two_values
from matrix.pipelines import Family, nullable

FAMILY = Family("catboost", export=export.catboost)
add = FAMILY.add
FEW = {"iterations": 30, "random_seed": 0, "thread_count": 1, "verbose": False, "allow_writing_files": False}

add("catboost-binary", CatBoostClassifier(**FEW), cancer())
add("catboost", CatBoostClassifier(**FEW), birds())
add("catboost-strings", CatBoostClassifier(**FEW), birds().labelled(SPECIES))
add("catboost-two-strings", CatBoostClassifier(**FEW), cancer().labelled(["malignant", "benign"]))
add("catboost-missing", CatBoostClassifier(**FEW), cancer().with_gaps(),
    manifest=nullable("classification", cancer()))
add("catboost-one-vs-all", CatBoostClassifier(loss_function="MultiClassOneVsAll", **FEW), birds())
add("catboost-regressor", CatBoostRegressor(**FEW), diabetes())
add("catboost-regressor-missing", CatBoostRegressor(**FEW), diabetes().with_gaps(),
    manifest=nullable("regression", diabetes()))
add("catboost-regressor-absolute", CatBoostRegressor(loss_function="MAE", **FEW), diabetes())
add("catboost-poisson", CatBoostRegressor(loss_function="Poisson", **FEW), diabetes())
add("catboost-two-targets", CatBoostRegressor(loss_function="MultiRMSE", **FEW), two_values())
