"""NVIDIA's client of the Open Inference Protocol, unchanged, against a server: `triton_http.py <url> <models folder>`.

The server must serve the sample models and allow requests to load and unload them. Every part of the client's surface that
the protocol has over HTTP is used once; what it should come to is said by ONNX Runtime on the same files, or by the protocol.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

PENGUINS = {
    "bill_length_mm": np.array([[50.0], [39.1], [46.5]], np.float32),
    "bill_depth_mm": np.array([[15.2], [18.7], [17.9]], np.float32),
    "island": np.array([["Biscoe"], ["Torgersen"], ["Dream"]], object),
    "flipper_length_mm": np.array([[218], [181], [192]], np.int64),
}
CLASSES = ["Adelie", "Chinstrap", "Gentoo"]


def inputs(columns, binary):
    tensors = []
    for name, values in columns.items():
        tensor = triton.InferInput(name, values.shape, {"f": "FP32", "i": "INT64", "O": "BYTES"}[values.dtype.kind])
        tensor.set_data_from_numpy(values, binary_data=binary)
        tensors.append(tensor)
    return tensors


def refused(words, call):
    try:
        call()
    except InferenceServerException as error:
        assert words in str(error), f"{words!r} is not in {error}"
        return error
    raise AssertionError(f"nothing was refused with {words!r}")


def health_and_metadata(client):
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("penguins") and client.is_model_ready("penguins", "1")
    assert not client.is_model_ready("penguins", "7") and not client.is_model_ready("nobody")
    server = client.get_server_metadata()
    assert server["name"] == "ferrocast" and "binary_tensor_data" in server["extensions"], server
    model = client.get_model_metadata("penguins", "1")
    assert model["platform"] == "onnx_onnxv1" and model["versions"] == ["1", "2"], model
    assert {"name": "island", "datatype": "BYTES", "shape": [-1, 1]} in model["inputs"], model
    config = client.get_model_config("penguins")
    assert config["max_batch_size"] > 0 and config["input"][0]["dims"] == [1], config
    refused("not found", lambda: client.get_model_metadata("nobody"))


def every_way_to_send(client, models):
    session = onnxruntime.InferenceSession(str(models / "penguins/2/model.onnx"))
    label, scores = session.run(None, PENGUINS)
    # The file ends in a ZipMap: a dictionary for each row.
    scores = np.array([[row[index] for index in range(len(CLASSES))] for row in scores], np.float32)
    for binary_in in (True, False):
        for binary_out in (True, False, None):
            outputs = None
            if binary_out is not None:
                names = ["output_probability", "output_label"]
                outputs = [triton.InferRequestedOutput(name, binary_data=binary_out) for name in names]
            for packing in (None, "gzip", "deflate"):
                answer = client.infer(
                    "penguins",
                    inputs(PENGUINS, binary_in),
                    outputs=outputs,
                    request_id="seven",
                    request_compression_algorithm=packing,
                    response_compression_algorithm=packing,
                    timeout=20_000_000,
                    parameters={"note": "mine"},
                )
                np.testing.assert_allclose(answer.as_numpy("output_probability"), scores, rtol=1e-4, atol=1e-6)
                assert (answer.as_numpy("output_label") == label).all()
                said = answer.get_response()
                assert (said["model_name"], said["model_version"], said["id"]) == ("penguins", "2", "seven"), said
    mixed = inputs(PENGUINS, True)[:2] + inputs(PENGUINS, False)[2:]
    outputs = [triton.InferRequestedOutput("output_label", binary_data=False), triton.InferRequestedOutput("output_probability")]
    answer = client.infer("penguins", mixed, model_version="2", outputs=outputs)
    assert (answer.as_numpy("output_label") == label).all()
    assert [output["name"] for output in answer.get_response()["outputs"]] == ["output_label", "output_probability"]


def classes(client):
    outputs = [triton.InferRequestedOutput("output_probability", binary_data=binary, class_count=2) for binary in (True, False)]
    for output in outputs:
        told = client.infer("penguins", inputs(PENGUINS, True), outputs=[output]).as_numpy("output_probability")
        assert told.shape == (3, 2) and told.dtype == object
        score, index, label = told[0][0].decode().split(":") if isinstance(told[0][0], bytes) else told[0][0].split(":")
        assert label == "Gentoo" and CLASSES[int(index)] == label and float(score) > 0.9, told


def pictures_as_tensors(client, models):
    picture = np.random.default_rng(3).random((2, 3, 224, 224), np.float32) * 2 - 1
    model = client.get_model_metadata("imagenet")
    name, shape = model["inputs"][0]["name"], model["inputs"][0]["shape"]
    if shape[3] == 3:
        picture = np.ascontiguousarray(picture.transpose(0, 2, 3, 1))
    session = onnxruntime.InferenceSession(str(models / "imagenet/1/model.onnx"))
    expected = session.run(None, {name: picture})[0]
    output = model["outputs"][0]["name"]
    answer = client.infer("imagenet", inputs({name: picture}, True))
    np.testing.assert_allclose(answer.as_numpy(output), expected, rtol=1e-3, atol=1e-4)


def many_at_a_time(client):
    pending = [client.async_infer("penguins", inputs(PENGUINS, True), request_id=str(number)) for number in range(40)]
    assert [request.get_result().get_response()["id"] for request in pending] == [str(number) for number in range(40)]


def raw_bodies(client):
    body, length = triton.InferenceServerClient.generate_request_body(inputs(PENGUINS, True))
    answer = client._post(
        request_uri="v2/models/penguins/infer",
        request_body=body,
        headers={"Inference-Header-Content-Length": str(length)},
        query_params=None,
    )
    assert answer.status_code == 200
    length = answer.get("Inference-Header-Content-Length")
    result = triton.InferenceServerClient.parse_response_body(answer.read(), header_length=int(length) if length else None)
    assert result.as_numpy("output_label") is not None


def refusals(client):
    wrong_name = inputs({"nothing": np.zeros((1, 1), np.float32)}, True)
    refused("unexpected inference input 'nothing'", lambda: client.infer("penguins", wrong_name))
    refused("missing required input(s) ['island'", lambda: client.infer("penguins", inputs(PENGUINS, True)[:2]))
    wide = inputs({**PENGUINS, "bill_length_mm": np.zeros((3, 2), np.float32)}, True)
    refused("Expected [-1,1], got [3,2]", lambda: client.infer("penguins", wide))
    integers = inputs({**PENGUINS, "bill_length_mm": np.zeros((3, 1), np.int64)}, False)
    refused("data-type is 'INT64'", lambda: client.infer("penguins", integers))
    nothing = [triton.InferRequestedOutput("nothing")]
    refused("unexpected inference output", lambda: client.infer("penguins", inputs(PENGUINS, True), outputs=nothing))
    refused("not found", lambda: client.infer("nobody", inputs(PENGUINS, True)))
    refused('no version "9"', lambda: client.infer("penguins", inputs(PENGUINS, True), model_version="9"))


def statistics(client):
    before = client.get_inference_statistics("penguins", "2")["model_stats"][0]
    for _ in range(5):
        client.infer("penguins", inputs(PENGUINS, True))
    after = client.get_inference_statistics("penguins", "2")["model_stats"][0]
    assert after["inference_count"] - before["inference_count"] == 15, (before, after)
    spent = [after["inference_stats"]["success"][key] - before["inference_stats"]["success"][key] for key in ("count", "ns")]
    assert spent[0] == 5 and spent[1] > 0, spent
    assert after["last_inference"] > 1.7e12 and after["batch_stats"], after
    names = {(entry["name"], entry["version"]) for entry in client.get_inference_statistics()["model_stats"]}
    assert {("penguins", "1"), ("penguins", "2"), ("imagenet", "1")} <= names, names


def repository(client):
    index = {(entry["name"], entry["version"]): entry["state"] for entry in client.get_model_repository_index()}
    assert index[("penguins", "2")] == "READY", index
    client.unload_model("auto-mpg")
    for _ in range(100):
        gone = [entry for entry in client.get_model_repository_index() if entry["name"] == "auto-mpg"]
        if gone and gone[0]["state"] == "UNAVAILABLE":
            break
        time.sleep(0.05)
    assert gone[0]["reason"] == "unloaded", gone
    assert not client.is_model_ready("auto-mpg") and client.is_server_ready()
    refused("auto-mpg", lambda: client.get_model_metadata("auto-mpg"))
    client.load_model("auto-mpg")
    assert client.is_model_ready("auto-mpg")
    refused("not supported", lambda: client.load_model("auto-mpg", config=json.dumps({"name": "auto-mpg"})))
    refused("nobody", lambda: client.load_model("nobody"))


def main():
    url, models = sys.argv[1].removeprefix("http://"), Path(sys.argv[2])
    with triton.InferenceServerClient(url, concurrency=8) as client:
        for step in (health_and_metadata, every_way_to_send, classes, pictures_as_tensors, many_at_a_time, raw_bodies, refusals, statistics, repository):
            step(*[client, models][: step.__code__.co_argcount])
            print(f"{step.__name__}: as expected")


main()
