"""`ColumnTransformer` over data frames with text, numbers and whole numbers, some of them missing."""

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC
from xgboost import XGBClassifier, XGBRegressor

from matrix import export
from matrix.data import bird_table, cars
from matrix.pipelines import Family

FAMILY = Family("tables")
add = FAMILY.add
SIZES = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "year"]


def bird_columns(numbers=StandardScaler(), encoder=OneHotEncoder(handle_unknown="ignore"), **parameters):
    return ColumnTransformer([("numbers", numbers, SIZES), ("texts", encoder, ["island"])], **parameters)


def car_columns():
    return ColumnTransformer([
        ("power", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["horsepower"]),
        ("sizes", StandardScaler(), ["displacement", "weight_in_lbs"]),
        ("counts", "passthrough", ["cylinders", "model_year"]),
        ("texts", OneHotEncoder(), ["origin"]),
    ])


def birds_to(model, **columns):
    return make_pipeline(bird_columns(**columns), model)


add("table-logistic", birds_to(LogisticRegression(max_iter=500)), bird_table())
add("table-logistic-double", birds_to(LogisticRegression(max_iter=500)), bird_table(np.float64))
add("table-forest", birds_to(RandomForestClassifier(20, random_state=0), numbers="passthrough"), bird_table())
add("table-forest-double", birds_to(RandomForestClassifier(20, random_state=0), numbers="passthrough"),
    bird_table(np.float64))
add("table-boosting", birds_to(GradientBoostingClassifier(n_estimators=10, random_state=0), encoder=OrdinalEncoder()),
    bird_table())
add("table-knn", birds_to(KNeighborsClassifier(), numbers=MinMaxScaler()), bird_table())
add("table-svc", birds_to(SVC(probability=True, random_state=0)), bird_table())
add("table-bins", birds_to(LogisticRegression(max_iter=500), numbers=KBinsDiscretizer(
    4, encode="onehot-dense", quantile_method="averaged_inverted_cdf")), bird_table())
add("table-remainder", make_pipeline(
    ColumnTransformer([("texts", OneHotEncoder(), ["island"])], remainder="passthrough"),
    RandomForestClassifier(20, random_state=0)), bird_table())
add("table-remainder-drop", make_pipeline(
    ColumnTransformer([("texts", OneHotEncoder(), ["island"]), ("bill", StandardScaler(), ["bill_depth_mm"])]),
    LogisticRegression()), bird_table())
add("table-transform", make_pipeline(bird_columns()), bird_table())
add("table-ridge", make_pipeline(car_columns(), Ridge()), cars())
add("table-ridge-double", make_pipeline(car_columns(), Ridge()), cars(np.float64))
add("table-forest-regressor", make_pipeline(car_columns(), RandomForestRegressor(20, random_state=0)), cars())
add("table-hist-boosting", make_pipeline(car_columns(), HistGradientBoostingRegressor(max_iter=20)), cars())
add("table-mlp", make_pipeline(
    car_columns(), MLPRegressor(hidden_layer_sizes=(16,), max_iter=500, random_state=0)), cars())

OLDER = {"export": export.scikit_learn_opset_17}
add("table-xgboost", birds_to(XGBClassifier(n_estimators=10)), bird_table().numbered(), **OLDER)
add("table-xgboost-regressor", make_pipeline(car_columns(), XGBRegressor(n_estimators=10)), cars(), **OLDER)
add("table-lightgbm", birds_to(LGBMClassifier(n_estimators=10, verbose=-1)), bird_table(), **OLDER)
add("table-lightgbm-regressor", make_pipeline(car_columns(), LGBMRegressor(n_estimators=10, verbose=-1)), cars(),
    **OLDER)
