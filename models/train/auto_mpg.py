"""Fuel economy of a car from seven facts about it: `cars.json` (Donoho & Ramos 1982, from StatLib).

A random forest over integer, float and string columns. Horsepower is unknown for six cars: the pipeline imputes
it, so the exported graph does too, and a client may leave the field out.
"""

from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from vega_datasets import data

import sample

COMPLETE = ["cylinders", "displacement", "weight_in_lbs", "acceleration", "model_year"]
COLUMNS = ["cylinders", "displacement", "horsepower", "weight_in_lbs", "acceleration", "model_year", "origin"]
INITIAL_TYPES = [
    ("cylinders", Int64TensorType([None, 1])),
    ("displacement", FloatTensorType([None, 1])),
    ("horsepower", FloatTensorType([None, 1])),
    ("weight_in_lbs", Int64TensorType([None, 1])),
    ("acceleration", FloatTensorType([None, 1])),
    ("model_year", Int64TensorType([None, 1])),
    ("origin", StringTensorType([None, 1])),
]


def load():
    """All 406 cars, columns in lower case, with the model year as a number. Eight have no known fuel economy."""
    cars = data.cars().rename(columns=str.lower)
    return cars.assign(model_year=cars["year"].dt.year.astype("int64"))


def random_forest():
    columns = ColumnTransformer(
        [
            ("complete", "passthrough", COMPLETE),
            ("horsepower", SimpleImputer(strategy="median"), ["horsepower"]),
            ("origin", OneHotEncoder(), ["origin"]),
        ]
    )
    model = RandomForestRegressor(n_estimators=50, min_samples_leaf=3, random_state=0)
    return Pipeline([("columns", columns), ("model", model)])


if __name__ == "__main__":
    cars = load()
    known = cars.dropna(subset=["miles_per_gallon"])
    pipeline = random_forest().fit(known[COLUMNS], known["miles_per_gallon"])
    sample.save("auto-mpg", "1", pipeline, INITIAL_TYPES, cars[COLUMNS], {"relative": 1e-4})
