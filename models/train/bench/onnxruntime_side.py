"""ONNX Runtime's side of `cargo xtask bench-engine`: one thread, otherwise as it comes.

Reads commands from its standard input, and answers `done`:

    ready                   nothing
    load <model.onnx>       from the file to a session that is ready
    rows <model.json>       reads the rows that the runs take
    run <rows> <times>      runs batches of so many rows, different ones in turn

`crates/engine-tract/examples/bench_side.rs` is the other side.
"""

import gc
import itertools
import json
import sys

import numpy as np
import onnxruntime


class Side:
    def ready(self):
        pass

    def load(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def rows(self, path):
        with open(path) as file:
            inputs = json.load(file)
        kinds = {"float32": np.float32, "int64": np.int64, "string": object}
        self.inputs = {
            each["name"]: np.array(each["values"], dtype=kinds[each["dtype"]]).reshape(-1, *each.get("shape", [each["width"]]))
            for each in inputs
        }
        self.batches = {}

    def batches_of(self, rows):
        """All rows, in batches of `rows`."""
        if rows not in self.batches:
            all_rows = min(map(len, self.inputs.values()))
            self.batches[rows] = [
                {name: values[start:start + rows] for name, values in self.inputs.items()}
                for start in range(0, all_rows - rows + 1, rows)
            ]
        return self.batches[rows]


    def run(self, rows, times):
        for batch in itertools.islice(itertools.cycle(self.batches_of(int(rows))), int(times)):
            self.session.run(None, batch)


def main():
    side = Side()
    # Its pauses are not the runtime's.
    gc.disable()
    for line in sys.stdin:
        command, *arguments = line.split()
        getattr(side, command)(*arguments)
        print("done", flush=True)


if __name__ == "__main__":
    main()
