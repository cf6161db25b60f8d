"""The model that `cargo xtask bench` sends tensors to: it gives back what it gets.

    python mirror.py <folder>
"""

import pathlib
import sys

import onnx

COLUMNS = 1000

if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1]) / "mirror" / "1"
    folder.mkdir(parents=True, exist_ok=True)
    value = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, COLUMNS])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "mirror", [value("x")], [value("y")])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
