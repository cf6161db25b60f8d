"""KServe's client of the Open Inference Protocol, unchanged, against a server: `kserve_http.py <url>`.

The server must serve the sample models. What a penguin is, is said by the server's own route for rows.
"""

import asyncio
import json
import sys
import urllib.request

import httpx
import numpy as np
from kserve import InferInput, InferRequest, InferenceRESTClient, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

ROW = {"bill_length_mm": 50.0, "bill_depth_mm": 15.2, "island": "Biscoe", "flipper_length_mm": 218}
COLUMNS = {
    "bill_length_mm": ("FP32", np.array([[50.0]], np.float32)),
    "bill_depth_mm": ("FP32", np.array([[15.2]], np.float32)),
    "island": ("BYTES", np.array([["Biscoe"]], object)),
    "flipper_length_mm": ("INT64", np.array([[218]], np.int64)),
}


def request(binary, outputs=None):
    tensors = []
    for name, (datatype, values) in COLUMNS.items():
        tensor = InferInput(name, list(values.shape), datatype)
        tensor.set_data_from_numpy(values, binary_data=binary)
        tensors.append(tensor)
    return InferRequest("penguins", tensors, request_id="seven", request_outputs=outputs)


async def main():
    url = sys.argv[1]
    body = urllib.request.Request(f"{url}/predict", json.dumps(ROW).encode(), {"content-type": "application/json"})
    expected = json.load(urllib.request.urlopen(body))
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await client.is_server_live(url) and await client.is_server_ready(url)
    assert await client.is_model_ready(url, "penguins")
    for binary in (False, True):
        for outputs in (None, [RequestedOutput("output_probability", {"binary_data": binary}), RequestedOutput("output_label")]):
            answer = await client.infer(url, request(binary, outputs), model_name="penguins")
            assert (answer.model_name, answer.id) == ("penguins", "seven"), answer
            told = {output.name: output.as_numpy() for output in answer.outputs}
            np.testing.assert_allclose(told["output_probability"], [expected["probability"]], rtol=1e-6)
            assert told["output_label"].tolist() == [expected["prediction"]], told
    plain = {"inputs": [{"name": name, "datatype": kind, "shape": [1, 1], "data": values.tolist()} for name, (kind, values) in COLUMNS.items()]}
    answer = await client.infer(url, plain, model_name="penguins")
    assert answer.outputs[0].data == [expected["prediction"]], answer
    try:
        await client.infer(url, {"inputs": []}, model_name="penguins")
    except httpx.HTTPStatusError as error:
        assert "expected 4 inputs but got 0 inputs" in str(error), error
    else:
        raise AssertionError("nothing was refused")
    print("health, predictions in JSON and in bytes, refusals: as expected")


asyncio.run(main())
