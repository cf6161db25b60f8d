"""Fitted models to ONNX files, each by the exporter that its users call, called as they call it."""

import pathlib
import tempfile

import numpy as np
import onnx.helper
import onnxmltools
import skl2onnx
from lightgbm import LGBMClassifier, LGBMRegressor
from onnxmltools.convert.common.data_types import FloatTensorType
from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
from skl2onnx.common.data_types import StringTensorType
from skl2onnx.common.shape_calculator import (
    calculate_linear_classifier_output_shapes, calculate_linear_regressor_output_shapes,
)
from xgboost import XGBClassifier, XGBRegressor


def scikit_learn(model, data, options=None):
    """skl2onnx, which takes the inputs' names and types from a row."""
    name = "pipeline"
    if isinstance(data.table, np.ndarray) and data.table.dtype == object:
        types = [("text", StringTensorType([None, *data.table.shape[1:]]))]
        found = skl2onnx.to_onnx(model, initial_types=types, options=options, name=name)
    elif hasattr(data.table, "columns") and not hasattr(model, "steps"):
        # skl2onnx takes a data frame for a pipeline, not for a bare estimator: that gets all columns as one input.
        found = skl2onnx.to_onnx(model, data.table[:1].to_numpy(), options=options, name=name)
    else:
        found = skl2onnx.to_onnx(model, data.table[:1], options=options, name=name)
    return found.SerializeToString()


def scikit_learn_opset_17(model, data, options=None):
    """skl2onnx with the older operators that some converters ask for."""
    opsets = {"": 17, "ai.onnx.ml": 3}
    return skl2onnx.to_onnx(model, data.table[:1], options=options, target_opset=opsets).SerializeToString()


def xgboost(model, data, options=None):
    """onnxmltools, which has one input of single precision."""
    return onnxmltools.convert_xgboost(model, initial_types=floats(data), **(options or {})).SerializeToString()


def lightgbm(model, data, options=None):
    """onnxmltools, which has one input of single precision."""
    return onnxmltools.convert_lightgbm(model, initial_types=floats(data), **(options or {})).SerializeToString()


def catboost(model, data, options=None):
    """CatBoost's own exporter, which writes to a file."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "model.onnx"
        model.save_model(str(file), format="onnx", export_parameters=options)
        return file.read_bytes()


def floats(data):
    return [("X", FloatTensorType([None, data.table.shape[1]]))]


def register_boosters():
    """As the documentation of skl2onnx says, for XGBoost and LightGBM within a scikit-learn pipeline."""
    zipmap = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
    for kind, convert in [(XGBClassifier, convert_xgboost), (LGBMClassifier, convert_lightgbm)]:
        skl2onnx.update_registered_converter(
            kind, kind.__name__, calculate_linear_classifier_output_shapes, convert, options=zipmap)
    for kind, convert in [(XGBRegressor, convert_xgboost), (LGBMRegressor, convert_lightgbm)]:
        skl2onnx.update_registered_converter(
            kind, kind.__name__, calculate_linear_regressor_output_shapes, convert,
            options={"split": None} if kind is LGBMRegressor else None)


def accept_truth_values():
    """skl2onnx 1.20 writes some integers of HistGradientBoosting as truth values, which protobuf 7 refuses."""
    make = onnx.helper.make_attribute

    def make_attribute(key, value, *rest, **more):
        if isinstance(value, list):
            value = [int(item) if isinstance(item, (bool, np.bool_)) else item for item in value]
        return make(key, value, *rest, **more)

    onnx.helper.make_attribute = make_attribute


accept_truth_values()
register_boosters()
