"""The answers to the rows of a table: those of a model's own library, and those of ONNX Runtime to its export."""

import dataclasses

import numpy as np
import onnxruntime

ELEMENTS = {
    "tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(bool)": np.bool_,
    "tensor(string)": object,
}


@dataclasses.dataclass(frozen=True)
class Answers:
    """`prediction` holds a label or number for each row, or several; `probability` one for each class, if any.

    A model with several labels for each row has a table of probabilities for each of them: `probability` is a list of
    these.
    """

    prediction: np.ndarray
    probability: np.ndarray | list[np.ndarray] | None = None


def of_library(model, table):
    """What `model` answers itself."""
    if not hasattr(model, "predict"):
        found = model.transform(table)
        return Answers(squeezed(found.toarray() if hasattr(found, "toarray") else np.asarray(found)))
    prediction = squeezed(np.asarray(model.predict(table)))
    # No file says that classes are truth values: all exporters write 0 and 1.
    prediction = prediction.astype(np.int64) if prediction.dtype == bool else prediction
    if not hasattr(model, "predict_proba"):
        return Answers(prediction)
    probability = model.predict_proba(table)
    return Answers(prediction, probability if isinstance(probability, list) else np.asarray(probability))


def of_runtime(file, table, library):
    """What ONNX Runtime answers to the export, in the form of the library's answers."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    first, *rest = [unzipped(output) for output in session.run(None, feed(session, table))]
    prediction = np.asarray(first).reshape(library.prediction.shape)
    if library.probability is None:
        return Answers(prediction)
    if isinstance(library.probability, list):
        return Answers(prediction, list(rest[0]))
    # ZipMap "columns" makes an output of each class.
    probability = (rest[0] if len(rest) == 1 else np.column_stack(rest)).reshape(library.probability.shape)
    # Some exporters leave out the last step; what remains are no probabilities and not served as such.
    is_probability = probability.min() > -1e-3 and probability.max() < 1.001
    return Answers(prediction, probability if is_probability else None)


def feed(session, table):
    """One input with all columns, or one for each column."""
    inputs = session.get_inputs()
    found = {}
    for position, value in enumerate(inputs):
        columns = np.asarray(table if len(inputs) == 1 else table.iloc[:, [position]])
        columns = columns.reshape(len(table), -1) if len(value.shape) == 2 else columns
        found[value.name] = columns.astype(ELEMENTS[value.type])
    return found


def unzipped(output):
    """The columns of a ZipMap, as the matrix that it was."""
    if isinstance(output, list) and isinstance(output[0], dict):
        return np.array([list(row.values()) for row in output])
    return output


def squeezed(column):
    """A matrix of one column is a column."""
    return column[:, 0] if column.ndim == 2 and column.shape[1] == 1 else column


def differences(library, runtime, tolerance):
    """Whether ONNX Runtime's answer to a row is not the library's."""
    differ = unlike(library.prediction, runtime.prediction, tolerance)
    if library.probability is not None and runtime.probability is not None:
        for expected, got in zip(tables(library.probability), tables(runtime.probability), strict=True):
            differ |= unlike(expected, got, tolerance)
    elif library.probability is not None:
        differ[:] = True
    return differ


def tables(probability):
    """One for each label."""
    return probability if isinstance(probability, list) else [probability]


def unlike(expected, got, tolerance):
    """Rows in which labels are not equal or numbers not close."""
    if expected.dtype.kind == "f":
        close = np.isclose(got, expected, rtol=tolerance["relative"], atol=tolerance["absolute"])
    else:
        close = got == expected
    return ~close.reshape(len(expected), -1).all(axis=1)
