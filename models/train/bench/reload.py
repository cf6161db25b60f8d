"""The two models that `cargo xtask soak` loads in place of each other: 20 MiB of weights each.

    python reload.py <folder>
"""

import pathlib
import sys

import numpy as np
import onnx

FEATURES = 20
# 1 + FEATURES + 1 columns of weights for each: 20 MiB in all.
HIDDEN = 2280


def network(seed):
    random = np.random.default_rng(seed)
    weights = [
        random.standard_normal(shape, np.float32) * 0.02 for shape in [(FEATURES, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, 1)]
    ]
    names = ["x", "first", "second", "y"]
    nodes = [
        onnx.helper.make_node("MatMul", [before, f"weights_{position}"], [after])
        for position, (before, after) in enumerate(zip(names, names[1:]))
    ]
    value = lambda name, columns: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, columns])
    initializers = [onnx.numpy_helper.from_array(array, f"weights_{position}") for position, array in enumerate(weights)]
    graph = onnx.helper.make_graph(nodes, "network", [value("x", FEATURES)], [value("y", 1)], initializers)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, seed in [("first", 1), ("second", 2)]:
        (folder / f"{name}.onnx").write_bytes(network(seed).SerializeToString())
