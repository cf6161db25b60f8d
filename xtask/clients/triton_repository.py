"""NVIDIA's client, unchanged, against a repository laid out for Triton: `triton_repository.py <url> <model file>`."""

import sys

import numpy as np
import onnxruntime
import tritonclient.http as triton

url, model = sys.argv[1].removeprefix("http://"), sys.argv[2]
with triton.InferenceServerClient(url) as client:
    config = client.get_model_config("classifier")
    assert config["max_batch_size"] == 16 and config["version_policy"] == {"latest": {"num_versions": 1}}, config
    assert config["input"] == [{"name": "x", "data_type": "TYPE_FP32", "dims": [2, 2]}], config
    index = [(entry["name"], entry["version"], entry["state"]) for entry in client.get_model_repository_index()]
    assert index == [("classifier", "2", "READY")], index

    rows = np.random.default_rng(5).random((7, 2, 2), np.float32)
    session = onnxruntime.InferenceSession(model)
    (expected,) = session.run(None, {"x": rows.reshape(7, 4)})
    tensor = triton.InferInput("x", rows.shape, "FP32")
    tensor.set_data_from_numpy(rows)
    answer = client.infer("classifier", [tensor])
    np.testing.assert_allclose(answer.as_numpy("probabilities"), expected, rtol=1e-5)

    best = [triton.InferRequestedOutput("probabilities", class_count=1)]
    told = client.infer("classifier", [tensor], outputs=best).as_numpy("probabilities")
    labels = [value.decode().rsplit(":")[-1] for value in told[:, 0]]
    assert labels == [["cat", "dog", "cow"][index] for index in expected.argmax(1)], told
print("a repository of Triton: as expected")
