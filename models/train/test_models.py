"""Tiny ONNX files for the tests of the Rust crates, written to `crates/testkit/models/`.

Each shows one thing that a loader meets in the wild; the function's docstring says which. Weights come from a
fixed seed: the tests care about shapes, types and reproducible numbers, not about what the models know. Opset and
IR version are pinned in `save`, so that a newer `onnx` package writes the same files.
"""

import pathlib

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neural_network import MLPRegressor

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "crates" / "testkit" / "models"
FLOAT, DOUBLE, INT64, STRING = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.STRING


def save(name, nodes, inputs, outputs, weights=(), domains=(), check=True):
    """Writes one graph. `inputs` and `outputs` are `(name, element type, shape)`, `weights` `(name, array)`."""
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(*value) for value in inputs],
        [helper.make_tensor_value_info(*value) for value in outputs],
        [numpy_helper.from_array(array, weight) for weight, array in weights],
    )
    opsets = [helper.make_opsetid("", 13)] + [helper.make_opsetid(domain, 2) for domain in domains]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="ferrocast-tests")
    if check:
        checker.check_model(model, full_check=True)
    (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString())


def random(seed, *shape):
    return np.random.default_rng(seed).normal(scale=0.5, size=shape).astype(np.float32)


def mlp():
    """Dense classifier with a named batch axis: `x` [N, 4] → `probabilities` [N, 3]."""
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["h1"]),
        helper.make_node("Relu", ["h1"], ["a1"]),
        helper.make_node("Gemm", ["a1", "w2", "b2"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    weights = [("w1", random(1, 4, 16)), ("b1", random(2, 16)), ("w2", random(3, 16, 3)), ("b2", random(4, 3))]
    save("mlp", nodes, [("x", FLOAT, ["N", 4])], [("probabilities", FLOAT, ["N", 3])], weights)


def conv():
    """Convolution, where a batch axis left symbolic is slow: `image` [N, 3, 8, 8] → `scores` [N, 2]."""
    nodes = [
        helper.make_node("Conv", ["image", "kernel", "bias"], ["maps"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["maps"], ["active"]),
        helper.make_node("GlobalAveragePool", ["active"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w", "b"], ["scores"]),
    ]
    weights = [("kernel", random(5, 4, 3, 3, 3)), ("bias", random(6, 4)), ("w", random(7, 4, 2)), ("b", random(8, 2))]
    save("conv", nodes, [("image", FLOAT, ["N", 3, 8, 8])], [("scores", FLOAT, ["N", 2])], weights)


def identity_f64():
    """Doubles in and out, bit for bit: `x` [N, 2] → `y` [N, 2]."""
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    save("identity_f64", nodes, [("x", DOUBLE, ["N", 2])], [("y", DOUBLE, ["N", 2])])


def fixed_batch():
    """The classic export without dynamic axes: it takes one row and only one. `x` [1, 4] → `y` [1, 2]."""
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["y"])]
    weights = [("w", random(9, 4, 2)), ("b", random(10, 2))]
    save("fixed_batch", nodes, [("x", FLOAT, [1, 4])], [("y", FLOAT, [1, 2])], weights)


def lstm():
    """A recurrent layer with a named batch axis behind the steps: `x` [N, 4, 2] → `h` [N, 3]."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["steps"], perm=[1, 0, 2]),
        helper.make_node("LSTM", ["steps", "w", "r"], ["", "last"], hidden_size=3),
        helper.make_node("Squeeze", ["last", "axes"], ["h"]),
    ]
    weights = [("w", random(11, 1, 12, 2)), ("r", random(12, 1, 12, 3)), ("axes", np.array([0], dtype=np.int64))]
    save("lstm", nodes, [("x", FLOAT, ["N", 4, 2])], [("h", FLOAT, ["N", 3])], weights)


def scan():
    """A loop that carries a sum from row to row: `x` [3, 2] → `sums` [3, 2]."""
    body = helper.make_graph(
        [
            helper.make_node("Add", ["sum_in", "row"], ["sum_out"]),
            helper.make_node("Identity", ["sum_out"], ["row_sum"]),
        ],
        "body",
        [helper.make_tensor_value_info(name, FLOAT, [2]) for name in ("sum_in", "row")],
        [helper.make_tensor_value_info(name, FLOAT, [2]) for name in ("sum_out", "row_sum")],
    )
    nodes = [helper.make_node("Scan", ["zero", "x"], ["total", "sums"], num_scan_inputs=1, body=body)]
    zero = [("zero", np.zeros(2, dtype=np.float32))]
    save("scan", nodes, [("x", FLOAT, [3, 2])], [("sums", FLOAT, [3, 2])], zero)


def unsupported():
    """Two operators that no loader here knows, one foreign and one of ONNX's own: both must be named at once."""
    nodes = [
        helper.make_node("FooBar", ["x"], ["mystery"], domain="org.example"),
        helper.make_node("Det", ["mystery"], ["y"]),
    ]
    # The checker knows nothing of `org.example`.
    save("unsupported", nodes, [("x", FLOAT, ["N", 2, 2])], [("y", FLOAT, ["N"])], domains=["org.example"], check=False)


def strings():
    """Strings as input: `city` [N, 1] → `index` [N, 1], -1 for a city it does not know."""
    nodes = [
        helper.make_node(
            "LabelEncoder",
            ["city"],
            ["index"],
            domain="ai.onnx.ml",
            keys_strings=["Aachen", "Bergen", "Cádiz"],
            values_int64s=[0, 1, 2],
            default_int64=-1,
        )
    ]
    save("strings", nodes, [("city", STRING, ["N", 1])], [("index", INT64, ["N", 1])], domains=["ai.onnx.ml"])


def nan():
    """A model that answers NaN for bad luck in its input: `x` [N, 1] → `y` = log(x)."""
    nodes = [helper.make_node("Log", ["x"], ["y"])]
    save("nan", nodes, [("x", FLOAT, ["N", 1])], [("y", FLOAT, ["N", 1])])


def sklearn_logreg(name, classes):
    """skl2onnx's default for a plain estimator: one `float_input` [None, 4], label and ZipMap out."""
    iris = load_iris()
    model = LogisticRegression(max_iter=1000).fit(iris.data, np.array(classes)[iris.target])
    exported = convert_sklearn(model, name=name, initial_types=[("float_input", FloatTensorType([None, 4]))])
    (FOLDER / f"{name}.onnx").write_bytes(exported.SerializeToString())


def sklearn_multi_output():
    """Two labels for each row, joined into `label` [N, 2], and a sequence of probabilities: three classes, then two."""
    iris = load_iris()
    labels = np.column_stack([iris.target_names[iris.target], np.where(iris.data[:, 0] > 6, "long", "short")])
    model = MultiOutputClassifier(LogisticRegression(max_iter=1000)).fit(iris.data, labels)
    types = [("float_input", FloatTensorType([None, 4]))]
    exported = convert_sklearn(model, name="sklearn_multi_output", initial_types=types)
    (FOLDER / "sklearn_multi_output.onnx").write_bytes(exported.SerializeToString())


def sklearn_mlp_two_targets():
    """Two numbers for each row, which skl2onnx lays out as rows: `float_input` [None, 2] → `variable` [2 * None, 1]."""
    iris = load_iris()
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=200, random_state=0).fit(iris.data[:, :2], iris.data[:, 2:])
    types = [("float_input", FloatTensorType([None, 2]))]
    exported = convert_sklearn(model, name="sklearn_mlp_two_targets", initial_types=types)
    (FOLDER / "sklearn_mlp_two_targets.onnx").write_bytes(exported.SerializeToString())


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    mlp()
    conv()
    identity_f64()
    fixed_batch()
    lstm()
    scan()
    unsupported()
    strings()
    nan()
    sklearn_logreg("sklearn_logreg_float_input", [0, 1, 2])
    sklearn_logreg("sklearn_logreg_string_labels", ["setosa", "versicolor", "virginica"])
    sklearn_multi_output()
    sklearn_mlp_two_targets()
