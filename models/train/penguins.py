"""Species of a penguin from four measurements: Palmer penguins (Horst, Hill & Gorman 2020, CC0).

Version 1 is a logistic regression, version 2 gradient boosting, both over the same four columns, so that one
manifest (`models/penguins/model.toml`) serves both. Classes are integers, as in most hand-written services; the
manifest names them.
"""

from palmerpenguins import load_penguins
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import sample

SPECIES = ["Adelie", "Chinstrap", "Gentoo"]
NUMERIC = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]
COLUMNS = ["bill_length_mm", "bill_depth_mm", "island", "flipper_length_mm"]
INITIAL_TYPES = [
    ("bill_length_mm", FloatTensorType([None, 1])),
    ("bill_depth_mm", FloatTensorType([None, 1])),
    ("island", StringTensorType([None, 1])),
    ("flipper_length_mm", Int64TensorType([None, 1])),
]


def load():
    """The 342 penguins whose four measurements are all known, and their species as 0, 1, 2."""
    penguins = load_penguins().dropna(subset=COLUMNS)
    table = penguins[COLUMNS].astype({"flipper_length_mm": "int64"})
    return table, penguins["species"].map(SPECIES.index)


def logistic_regression():
    columns = ColumnTransformer([("numeric", StandardScaler(), NUMERIC), ("island", OneHotEncoder(), ["island"])])
    return Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=1000))])


def gradient_boosting():
    columns = ColumnTransformer([("numeric", "passthrough", NUMERIC), ("island", OneHotEncoder(), ["island"])])
    return Pipeline([("columns", columns), ("model", GradientBoostingClassifier(random_state=0))])


if __name__ == "__main__":
    table, species = load()
    for version, pipeline in [("1", logistic_regression()), ("2", gradient_boosting())]:
        pipeline.fit(table, species)
        sample.save("penguins", version, pipeline, INITIAL_TYPES, table, {"absolute": 1e-5})
