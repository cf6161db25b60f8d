"""Writes the ONNX project's node tests into a folder, as `<test>/model.onnx` and `<test>/test_data_set_0/*.pb`.

The tests are code in the `onnx` package, which no longer ships them as files: importing `onnx.backend.test.case.node`
computes them. The package's own command, `backend-test-tools generate-data`, leaves out exactly these.

    python node_tests.py FOLDER
"""

import sys
import warnings
from pathlib import Path

from onnx import TensorProto, numpy_helper
from onnx.backend.test.loader import load_node_model_tests

# How a value is written follows from the declared type of the input or output.
WRITERS = {
    "tensor_type": numpy_helper.from_array,
    "sequence_type": numpy_helper.from_list,
    "optional_type": numpy_helper.from_optional,
    "map_type": numpy_helper.from_dict,
}


def message(value, declared):
    if isinstance(value, TensorProto):
        return value
    return WRITERS[declared.type.WhichOneof("value")](value, declared.name)


def write(case, folder):
    folder.mkdir(parents=True)
    graph = case.model.graph
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    for set_number, (inputs, outputs) in enumerate(case.data_sets):
        data = folder / f"test_data_set_{set_number}"
        data.mkdir()
        for kind, values, declared in [("input", inputs, graph.input), ("output", outputs, graph.output)]:
            for position, value in enumerate(values):
                encoded = message(value, declared[position]).SerializeToString()
                (data / f"{kind}_{position}.pb").write_bytes(encoded)


def main():
    folder = Path(sys.argv[1])
    # Overflows and the like are what some of the tests are about.
    warnings.simplefilter("ignore")
    cases = load_node_model_tests()
    for case in cases:
        write(case, folder / case.name)
    print(f"{len(cases)} node tests in {folder}")


if __name__ == "__main__":
    main()
