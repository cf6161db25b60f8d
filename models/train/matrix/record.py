"""One pipeline made: `model.onnx` and `golden.json` on disk."""

import json
import sys

import numpy as np

from matrix import answers
from matrix.data import column_names

#: The tests of skl2onnx and onnxmltools compare five decimals (`dump_data_and_model`, decimal=5). Numbers that are no
#: probabilities may be large: for these, single precision carries an error of 1e-7 through some hundred operations.
SINGLE = {"absolute": 1.5e-5, "relative": 1e-4}
#: Where everything but the answer's own single precision is double.
DOUBLE = {"absolute": 1e-6, "relative": 1e-6}
#: Probabilities have no scale of their own.
PROBABILITIES = {"absolute": 1.5e-5, "relative": 0.0}


def record(pipeline, folder):
    """Fits, exports, answers, and writes."""
    model = pipeline.model.fit(*pipeline.data.fitted_on(), **pipeline.fit)
    file = pipeline.export(model, pipeline.data, pipeline.options)
    library = answers.of_library(model, pipeline.data.table)
    tolerance = tolerance_of(pipeline, library)
    golden = {
        "model": pipeline.name,
        "version": "1",
        "family": pipeline.family,
        "library": library_of(model),
        "tolerance": tolerance,
    }
    try:
        runtime = answers.of_runtime(file, pipeline.data.table, library)
        differ = answers.differences(library, runtime, tolerance)
    except Exception as error:
        golden["runtime_refuses"] = str(error).splitlines()[0]
        runtime, differ = None, np.zeros(len(pipeline.data.table), dtype=bool)
    if pipeline.refused:
        golden["refused"] = pipeline.refused
    golden["cases"] = list(cases(pipeline.data.table, library, runtime, differ))
    version = folder / pipeline.name / "1"
    version.mkdir(parents=True, exist_ok=True)
    (version / "model.onnx").write_bytes(file)
    (version / "golden.json").write_text(json.dumps(golden))
    if pipeline.manifest:
        (version / "model.toml").write_text(pipeline.manifest)


def tolerance_of(pipeline, library):
    if library.probability is not None:
        return PROBABILITIES
    table = pipeline.data.table
    return DOUBLE if isinstance(table, np.ndarray) and table.dtype == np.float64 else SINGLE


def library_of(model):
    """Name and version of the library of the last step, which gives the answer."""
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    module = type(last).__module__.split(".")[0]
    return f"{module} {sys.modules[module].__version__}"


def cases(table, library, runtime, differ):
    """One for each row: the row as a client sends it, and the answers."""
    names = column_names(table)
    rows = np.asarray(table).reshape(len(table), -1)
    for position, row in enumerate(rows):
        case = {"input": {name: plain(value) for name, value in zip(names, row)}} | answer(library, position)
        if differ[position]:
            # The exporter's doing: whoever runs the file right answers this.
            case["exported"] = answer(runtime, position)
        yield case


def answer(found, position):
    case = {"prediction": found.prediction[position].tolist() if found.prediction.dtype != object
            else found.prediction[position]}
    if isinstance(found.probability, list):
        case["probability"] = [table[position].tolist() for table in found.probability]
    elif found.probability is not None:
        case["probability"] = found.probability[position].tolist()
    return case


def plain(value):
    """As JSON: a missing value is null, and a single is written with no more digits than it has."""
    if value != value:
        return None
    if isinstance(value, np.float32):
        return float(str(value))
    return value.item() if isinstance(value, np.generic) else value
