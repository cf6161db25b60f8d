"""Pillow's and numpy's side of the picture scenario of `cargo xtask bench`: one thread.

    pillow_side.py <picture> <seconds>     microseconds for one picture: decoded, prepared

Prepares as the sample model wants it and as torchvision would: the shorter side to 256 pixels, the middle of 224 x 224, 0 to
1 in single precision, planar, mean and deviation. `crates/pipeline/examples/picture_side.rs` is the other side.
"""

import io
import sys
import time

import numpy as np
from PIL import Image

SHORTER, SIZE = 256, 224
MEAN, STD = (np.full((3, 1, 1), value / 255, dtype=np.float32) for value in (127, 128))


def prepared(encoded):
    picture = Image.open(io.BytesIO(encoded)).convert("RGB")
    width, height = picture.size
    shorter = min(width, height)
    picture = picture.resize((SHORTER * width // shorter, SHORTER * height // shorter), Image.Resampling.BICUBIC)
    left, top = (round((side - SIZE) / 2) for side in picture.size)
    picture = picture.crop((left, top, left + SIZE, top + SIZE))
    # ToTensor makes the planes contiguous before it divides; Normalize works in place.
    pixels = np.ascontiguousarray(np.asarray(picture).transpose(2, 0, 1)).astype(np.float32) / np.float32(255)
    pixels -= MEAN
    pixels /= STD
    return pixels[np.newaxis]


def main():
    path, seconds = sys.argv[1], float(sys.argv[2])
    with open(path, "rb") as file:
        encoded = file.read()
    for _ in range(3):
        prepared(encoded)
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        prepared(encoded)
        count += 1
    print((time.perf_counter() - started) * 1e6 / count)


if __name__ == "__main__":
    main()
