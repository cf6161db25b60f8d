"""A sample model on disk: `model.onnx` and, beside it, `golden.json` with what scikit-learn itself answered.

`golden.json` is the yardstick for the server: `cargo xtask models verify` sends every input through HTTP and
compares. `save` applies the same yardstick to the exported file with ONNX Runtime first, so that a difference
seen later is the server's and not the exporter's.
"""

import json
import pathlib

import numpy as np
import onnxruntime
import sklearn
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType

MODELS = pathlib.Path(__file__).resolve().parents[1]

NUMPY_TYPES = {FloatTensorType: np.float32, Int64TensorType: np.int64, StringTensorType: object}


def save(name, version, pipeline, initial_types, table, tolerance):
    """Exports a fitted `pipeline`, records its answers for every row of `table`, and checks the export.

    `tolerance` is `{"absolute": x}` (probabilities) or `{"relative": x}` (a regression's value). Labels of a
    classifier must agree exactly whatever the tolerance.
    """
    folder = MODELS / name / version
    folder.mkdir(parents=True, exist_ok=True)

    # Exactly what a user types. Only `name` is ours: without it the graph is named by a random UUID and the
    # file differs on every run.
    model = convert_sklearn(pipeline, name=name, initial_types=initial_types)
    (folder / "model.onnx").write_bytes(model.SerializeToString())

    golden = {
        "model": name,
        "version": version,
        "library": f"scikit-learn {sklearn.__version__}",
        "tolerance": tolerance,
        "cases": cases(pipeline, table),
    }
    (folder / "golden.json").write_text(render(golden))

    worst = verify(folder, initial_types)
    print(f"{name}/{version}: {len(table)} rows, export within {worst:.1e} of scikit-learn")


def cases(pipeline, table):
    """One case per row: the input as a client sends it (a missing value as null) and scikit-learn's answer."""
    predictions = pipeline.predict(table)
    classifier = hasattr(pipeline, "predict_proba")
    probabilities = pipeline.predict_proba(table) if classifier else [None] * len(table)
    found = []
    for row, prediction, probability in zip(table.to_dict("records"), predictions, probabilities):
        case = {"input": {key: None if value != value else value for key, value in row.items()}}
        case["prediction"] = int(prediction) if classifier else significant(prediction)
        if classifier:
            case["probability"] = [significant(value) for value in probability]
        found.append(case)
    return found


def significant(value):
    """`value` with nine significant digits: far below every tolerance, and half the size of a full double."""
    return float(f"{value:.9g}")


def render(golden):
    """JSON with one case per line, so that a re-training shows as a readable diff."""
    head = {key: value for key, value in golden.items() if key != "cases"}
    lines = ",\n".join(json.dumps(case) for case in golden["cases"])
    return json.dumps(head, indent=1)[:-2] + ',\n "cases": [\n' + lines + "\n ]\n}\n"


def verify(folder, initial_types):
    """Runs `model.onnx` over the inputs of `golden.json`; returns the largest difference, in the tolerance's unit."""
    golden = json.loads((folder / "golden.json").read_text())
    feed = {}
    for column, kind in initial_types:
        values = [case["input"][column] for case in golden["cases"]]
        values = [np.nan if value is None else value for value in values]
        feed[column] = np.array(values, dtype=NUMPY_TYPES[type(kind)]).reshape(-1, 1)
    outputs = onnxruntime.InferenceSession(folder / "model.onnx").run(None, feed)

    expected = np.array([case["prediction"] for case in golden["cases"]])
    if "probability" in golden["cases"][0]:
        assert (outputs[0] == expected).all(), f"{folder}: the export answers other labels than scikit-learn"
        # ZipMap: one {class: probability} per row.
        actual = np.array([list(row.values()) for row in outputs[1]])
        expected = np.array([case["probability"] for case in golden["cases"]])
    else:
        actual = outputs[0].reshape(-1)
    difference = np.abs(actual - expected)

    (kind, allowed), = golden["tolerance"].items()
    if kind == "relative":
        difference = difference / np.abs(expected)
    worst = difference.max()
    assert worst <= allowed, f"{folder}: {kind} difference {worst:.1e} exceeds {allowed}"
    return worst
