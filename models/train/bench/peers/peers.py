"""Services that people write by hand, for `cargo xtask bench --peers`.

    peers.py fastapi-sklearn    FastAPI, pydantic and a scikit-learn pipeline over a pandas table, as in most tutorials
    peers.py fastapi-ort        FastAPI, pydantic and the exported model in ONNX Runtime
    peers.py asgi-ort           the same model behind a bare ASGI application: the most that Python does

Each answers `POST /predict` with the sample model `penguins`, version 1, from one process for each processor, and prints where
it listens. The first one fits the model itself, as a pickle would hold it.
"""

import os
import sys
from pathlib import Path
from typing import Literal

import orjson
import uvicorn
from uvicorn.supervisors import Multiprocess

SAMPLES = Path(__file__).parents[3]
MODEL = SAMPLES / "penguins" / "1" / "model.onnx"
LABELS = ["Adelie", "Chinstrap", "Gentoo"]


def answer(probability):
    best = max(range(len(probability)), key=probability.__getitem__)
    return {
        "prediction": best,
        "label": LABELS[best],
        "probability": probability,
        "confidence": probability[best],
        "status": "success",
        "model": "penguins",
        "version": "1",
    }


def onnxruntime_session():
    import onnxruntime

    # A thread for each request is what the processes are for.
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(MODEL, options, providers=["CPUExecutionProvider"])


def predict_by_onnxruntime(session, row):
    import numpy as np

    feeds = {
        "bill_length_mm": np.array([[row["bill_length_mm"]]], np.float32),
        "bill_depth_mm": np.array([[row["bill_depth_mm"]]], np.float32),
        "island": np.array([[row["island"]]], object),
        "flipper_length_mm": np.array([[row["flipper_length_mm"]]], np.int64),
    }
    # The exporter's ZipMap: a dictionary of classes for each row.
    return list(session.run(["output_probability"], feeds)[0][0].values())


def fastapi(predict):
    from fastapi import FastAPI
    from pydantic import BaseModel, Field

    class Penguin(BaseModel):
        bill_length_mm: float = Field(ge=0, le=100)
        bill_depth_mm: float = Field(gt=0)
        island: Literal["Biscoe", "Dream", "Torgersen"]
        flipper_length_mm: int = Field(ge=1, le=1000)

    app = FastAPI()

    @app.post("/predict")
    def predict_row(penguin: Penguin):
        return answer(predict(penguin.model_dump()))

    return app


def fastapi_sklearn():
    import pandas as pd

    sys.path.insert(0, str(SAMPLES / "train"))
    import penguins

    table, species = penguins.load()
    pipeline = penguins.logistic_regression().fit(table, species)
    return fastapi(lambda row: pipeline.predict_proba(pd.DataFrame([row]))[0].tolist())


def fastapi_ort():
    session = onnxruntime_session()
    return fastapi(lambda row: predict_by_onnxruntime(session, row))


def asgi_ort():
    session = onnxruntime_session()

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        written = orjson.dumps(answer(predict_by_onnxruntime(session, orjson.loads(body))))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(written)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": written})

    return app


PEERS = {"fastapi-sklearn": fastapi_sklearn, "fastapi-ort": fastapi_ort, "asgi-ort": asgi_ort}


def app():
    """Made anew in each process."""
    return PEERS[os.environ["PEER"]]()


if __name__ == "__main__":
    os.environ["PEER"] = sys.argv[1]
    sys.path.insert(0, str(Path(__file__).parent))
    config = uvicorn.Config(
        "peers:app",
        factory=True,
        port=0,
        workers=os.cpu_count(),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )
    socket = config.bind_socket()
    # Whoever asks before the processes are there waits for them.
    socket.listen(config.backlog)
    print(f"listening on http://127.0.0.1:{socket.getsockname()[1]}", flush=True)
    Multiprocess(config, sockets=[socket]).run()
