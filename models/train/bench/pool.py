"""The models of `cargo xtask bench-pool`: slow enough for the pool, and one for each way in which that can go.

    python pool.py <folder>

- `mlp`: about a millisecond a row, most of which is reading weights, so that rows in one run are far cheaper;
- `forest`: 1,000 trees whose nodes do not fit the caches, so that rows in one run share what was read;
- `cnn`: convolutions over a small picture, whose rows cost the same in any company.

Each is there twice: as it comes, and as `<name>-one-by-one`, which its manifest keeps on the thread of the connection.
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier

FEATURES = 20
WIDTH = 1600
CHANNELS = 64
PICTURE = (3, 16, 16)
random = np.random.default_rng(0)


def weights(name, *shape):
    """Of a size that keeps the values of every layer near one."""
    return numpy_helper.from_array((random.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float32), name)


def model(nodes, initializers, shape):
    graph = helper.make_graph(
        nodes, "pool", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *shape])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", 2])], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def mlp():
    sizes = [FEATURES, WIDTH, WIDTH, 2]
    nodes, initializers, last = [], [], "x"
    for layer, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        initializers.append(weights(f"w{layer}", outputs, inputs))
        nodes.append(helper.make_node("Gemm", [last, f"w{layer}"], [f"h{layer}"], transB=1))
        last = f"h{layer}"
        if outputs != 2:
            nodes.append(helper.make_node("Relu", [last], [f"r{layer}"]))
            last = f"r{layer}"
    nodes.append(helper.make_node("Softmax", [last], ["scores"], axis=1))
    return model(nodes, initializers, (FEATURES,))


def cnn():
    sizes = [PICTURE[0], CHANNELS, CHANNELS, CHANNELS, CHANNELS]
    nodes, initializers, last = [], [], "x"
    for layer, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        initializers.append(weights(f"w{layer}", outputs, inputs, 3, 3))
        nodes.append(helper.make_node("Conv", [last, f"w{layer}"], [f"c{layer}"], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"c{layer}"], [f"r{layer}"]))
        last = f"r{layer}"
    initializers.append(weights("head", 2, CHANNELS))
    nodes += [
        helper.make_node("GlobalAveragePool", [last], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "head"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["scores"], axis=1),
    ]
    return model(nodes, initializers, PICTURE)


def forest():
    rows, labels = make_classification(
        n_samples=20_000, n_features=FEATURES, n_informative=12, n_redundant=4, flip_y=0.1, random_state=2)
    trees = RandomForestClassifier(n_estimators=1000, random_state=0, n_jobs=-1).fit(rows.astype(np.float32), labels)
    types = [("x", FloatTensorType([None, FEATURES]))]
    return convert_sklearn(trees, initial_types=types, options={id(trees): {"zipmap": False}})


def main(folder):
    for name, make in {"mlp": mlp, "cnn": cnn, "forest": forest}.items():
        exported = make().SerializeToString()
        for variant, mode in [(name, "auto"), (f"{name}-one-by-one", "inline")]:
            version = pathlib.Path(folder) / variant / "1"
            version.mkdir(parents=True, exist_ok=True)
            (version / "model.onnx").write_bytes(exported)
            (version / "model.toml").write_text(f'task = "classification"\n[serving]\nmode = "{mode}"\n')


if __name__ == "__main__":
    main(sys.argv[1])
