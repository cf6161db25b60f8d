"""The picture matrix: encoded pictures, `[image]` sections, and the tensors that Pillow and NumPy make of them.

`python image_matrix.py <folder> [model.onnx]` writes `<folder>/cases.json`, the pictures and the tensors it names. The
tensors are what a training script that uses torchvision's transforms on Pillow images would feed to its model, so
whoever serves the model has to arrive at the same numbers. The photographs come inside the pinned packages, and all
else is computed from fixed seeds.

Photographs under the manifest of `models/imagenet` also carry what ONNX Runtime answers to the tensor: the best class,
and by how much its probability leads. A small lead is one that another JPEG decoder may turn.
"""

import collections
import io
import itertools
import json
import pathlib
import struct
import sys
import warnings
import zlib

import numpy as np
import onnxruntime
from PIL import Image, ImageCms, ImageEnhance, ImageOps
from PIL.PngImagePlugin import PngInfo
from skimage import data as skimage
from sklearn.datasets import load_sample_images

MODEL = pathlib.Path(__file__).resolve().parents[1] / "imagenet" / "1" / "model.onnx"
FILTERS = {name: Image.Resampling[name.upper()] for name in ["nearest", "bilinear", "bicubic", "lanczos"]}
LITE0 = {"scale": 1 / 128, "offset": -127 / 128}
IMAGENET = {"normalize": {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}
# The passes of an interlaced PNG: the first row and column of each, and the steps to the next.
ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
# Its format is as in `cases.json`, and its data is the file.
Picture = collections.namedtuple("Picture", ["name", "format", "data"])


def sized(width, height, resize="exact", **keys):
    """An `[image]` section that has no more than the keys of `size`."""
    return {"size": {"width": width, "height": height, "resize": resize, **keys}}


# That of the model in `models/imagenet`.
MANIFEST = sized(224, 224, "shorter-side", shorter_side=256, filter="bicubic") | {"layout": "NCHW", **LITE0}


def toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + " }"
    # JSON's text, numbers and arrays are TOML's too.
    return json.dumps(value)


def opened(picture):
    """The pixels as they are meant to be seen."""
    return ImageOps.exif_transpose(Image.open(io.BytesIO(picture.data))).convert("RGB")


def tensor(picture, section):
    """All of it in single precision, in the order of operations of `ToTensor` and `Normalize`."""
    x = np.asarray(resized(opened(picture), section["size"]))
    if section.get("channels") == "BGR":
        x = x[..., ::-1]
    x = x.astype(np.float32)
    scale, offset = section.get("scale", 1 / 255), section.get("offset", 0.0)
    if (scale, offset) == (1 / 255, 0.0):
        # `ToTensor` divides, which is not the same as to multiply by the nearest single to 1/255.
        x = x / np.float32(255)
    else:
        x = x * np.float32(scale) + np.float32(offset)
    if "normalize" in section:
        mean, std = (np.array(section["normalize"][key], np.float32) for key in ["mean", "std"])
        x = (x - mean) / std
    if section.get("layout") != "NHWC":
        x = x.transpose(2, 0, 1)
    return np.ascontiguousarray(x[np.newaxis], dtype="<f4")


def resized(image, size):
    target, method = (size["width"], size["height"]), FILTERS[size.get("filter", "bilinear")]
    if size["resize"] == "exact":
        return image.resize(target, method)
    if size["resize"] == "fit":
        color = tuple(size.get("pad", [0, 0, 0]))
        return ImageOps.pad(image, target, method=method, color=color, centering=(0.5, 0.5))
    # `Resize(int)` and `CenterCrop` of torchvision. Python rounds halves to the even number.
    short, long = sorted(image.size)
    sides = size["shorter_side"], int(size["shorter_side"] * long / short)
    # To the size that it has already, Pillow only copies.
    image = image.resize(sides if image.width <= image.height else sides[::-1], method)
    left, top = (int(round((found - wanted) / 2.0)) for found, wanted in zip(image.size, target))
    return image.crop((left, top, left + target[0], top + target[1]))


def photographs():
    """Those that come inside the wheels of scikit-image and scikit-learn, and need no download."""
    names = "chelsea coffee rocket astronaut immunohistochemistry hubble_deep_field retina camera coins".split()
    found = {name: getattr(skimage, name)() for name in names} | {"motorcycle": skimage.stereo_motorcycle()[0]}
    found |= zip(["china", "flower"], load_sample_images().images)
    return {name: Image.fromarray(pixels) for name, pixels in found.items()}


# Pillow's advice to keep the alpha of a palette is not what `convert("RGB")` is for.
warnings.filterwarnings("ignore", message="Palette images with Transparency")
PHOTOGRAPHS = photographs()


def photograph(width, height, name="chelsea"):
    return PHOTOGRAPHS[name].resize((width, height), Image.Resampling.LANCZOS)


def random_values(width, height, channels, limit):
    return np.random.default_rng([width, height, channels]).integers(0, limit, (height, width, channels))


def noise(width, height, channels=3):
    return Image.fromarray(random_values(width, height, channels, 256).astype(np.uint8))


def gradient(width, height):
    """Red to the right, green to the bottom, blue to the top left."""
    y, x = np.mgrid[0:1:height * 1j, 0:1:width * 1j]
    return Image.fromarray((np.stack([x, y, 1 - (x + y) / 2], axis=-1) * 255).round().astype(np.uint8))


def edges(width, height):
    """Rings that grow narrower, and a checkerboard: where the negative lobes of a filter overshoot."""
    y, x = np.mgrid[:height, :width]
    rings = ((x - width // 2) ** 2 + (y - height // 2) ** 2) // (width * 8) % 2
    board = (x * 24 // width % 2) ^ (y * 12 // height % 2)
    return Image.fromarray((np.stack([rings, board, rings ^ board], axis=-1) * 255).astype(np.uint8))


def with_alpha(image):
    """The left third is transparent and the right one opaque; colours go on below."""
    alpha = np.linspace(-255, 510, image.width).clip(0, 255).astype(np.uint8)
    image = image.copy()
    image.putalpha(Image.fromarray(np.tile(alpha, (image.height, 1))))
    return image


def encoded(name, format, image, **options):
    if format.startswith("webp"):
        options["lossless"] = format == "webp-lossless"
    buffer = io.BytesIO()
    image.save(buffer, format.split("-")[0], **options)
    return Picture(f"{format}-{name}", format, buffer.getvalue())


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(name, samples, depth, colour, before=b"", after=b"", adam7=False):
    """A PNG of samples (rows, columns, channels), at depths and in an order (interlaced) that Pillow does not write."""
    lines = []
    for top, left, down, right in ADAM7 if adam7 else [(0, 0, 1, 1)]:
        part = samples[top::down, left::right]
        for row in part if part.size else []:
            bits = np.unpackbits(row.astype(">u2").view(np.uint8)).reshape(-1, 16)[:, 16 - depth:]
            lines.append(b"\0" + np.packbits(bits).tobytes())
    height, width = samples.shape[:2]
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(adam7)))
    body = before + chunk(b"IDAT", zlib.compress(b"".join(lines))) + after
    return Picture(f"png-{name}", "png", b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b""))


def resampled(name, factors, written, image, **options):
    """A JPEG whose luminance has sampling factors that Pillow does not write.

    They replace others with as many blocks in a unit, so the data remains valid, and the blocks only change places.
    """
    data = bytearray(encoded(name, "jpeg", image, subsampling=written, **options).data)
    frame = b"\xff\xc2\x00\x11\x08" if options.get("progressive") else b"\xff\xc0\x00\x11\x08"
    data[data.index(frame) + 11] = factors
    return Picture(f"jpeg-{name}", "jpeg", bytes(data))


def orientation(value, order="<"):
    """Exif with nothing but an orientation, in either byte order."""
    mark = {"<": b"II", ">": b"MM"}[order]
    return b"Exif\0\0" + mark + struct.pack(f"{order}HIHHHIHHI", 42, 8, 1, 0x0112, 3, 1, value, 0, 0)


def swapped_profile():
    """A colour profile in which red and blue have changed places, so that nobody can apply it unnoticed."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"rXYZ", b"swap").replace(b"bXYZ", b"rXYZ").replace(b"swap", b"bXYZ")
    # Without the date of its making, and the hash that covers it.
    return profile[:24] + bytes(12) + profile[36:84] + bytes(16) + profile[100:]


def resizing():
    """Every filter in every way to resize: larger, smaller, far smaller, of another shape, and of the same size.

    Of 400x2, "fit" leaves padding alone, since the height of the picture rounds to nothing.
    """
    pads = itertools.cycle([[255, 255, 255], [124, 116, 104], [1, 0, 254]])
    for kind, sizes, width, height, shorter in [
        (noise, [(2, 2), (3, 5), (17, 31)], 97, 61, 98),
        (photograph, [(255, 257), (640, 427), (64, 48), (67, 69)], 64, 48, 65),
        (edges, [(1600, 1200)], 32, 32, 35),
        (gradient, [(7, 400), (201, 99)], 32, 32, 32),
        (edges, [(400, 7), (400, 2), (50, 50)], 33, 21, 34),
        (photograph, [(224, 224), (256, 256), (341, 256), (257, 255)], 224, 224, 256),
    ]:
        for size in sizes:
            picture = encoded(f"{kind.__name__}-{size[0]}x{size[1]}", "png", kind(*size))
            for filter in FILTERS:
                yield picture, f"exact-{filter}", sized(width, height, filter=filter)
                yield picture, f"fit-{filter}", sized(width, height, "fit", filter=filter, pad=next(pads))
                cut = sized(width, height, "shorter-side", shorter_side=shorter, filter=filter)
                yield picture, f"shorter-side-{filter}", cut


def pngs():
    """Every colour type and bit depth, and what a file may say besides its pixels.

    Pillow's `convert("RGB")` ignores alpha, tRNS, gAMA and iCCP, and shows pixels as if opaque. Of 16 bits it keeps the
    upper eight, but not where there is grey alone (mode I;16): such a sample v becomes min(v, 255). So all but the
    darkest of that picture is white, which hardly anybody would want, but is what a user of Pillow gets.
    """
    photo, grey = photograph(97, 61), photograph(97, 61, "camera")
    bilevel, clear, colours = grey.convert("1"), with_alpha(photo), [2, 4, 16, 200]
    linear = PngInfo()
    linear.add(b"gAMA", struct.pack(">I", 100_000))
    for name, image, options in [
        ("bilevel", bilevel, {}), ("bilevel-trns", bilevel, {"transparency": 255}),
        ("grey", grey, {}), ("grey-trns", grey, {"transparency": grey.getpixel((0, 0))}),
        ("grey-alpha", with_alpha(grey), {}), *((f"grey-{bits}-bit", grey, {"bits": bits}) for bits in [1, 2, 4]),
        ("rgb-trns", edges(61, 47), {"transparency": (0, 255, 255)}),
        ("rgba", clear, {}), ("rgba-noise", with_alpha(noise(61, 97)), {}),
        *((f"palette-{count}", photo.quantize(count), {}) for count in colours),
        *((f"palette-{count}-trns", photo.quantize(count), {"transparency": b"\0\x64"}) for count in colours),
        ("palette-one-trns", photo.quantize(64), {"transparency": 5}),
        ("gamma", photo, {"pnginfo": linear}), ("profile", photo, {"icc_profile": swapped_profile()}),
        *((f"orientation-{turn}", photo, {"exif": orientation(turn)}) for turn in range(1, 9)),
        ("orientation-6-palette", photo.quantize(16), {"exif": orientation(6)}),
    ]:
        yield encoded(name, "png", image, **options)

    rgb, rgba, deep = np.asarray(photo), np.asarray(clear), random_values(97, 61, 4, 65536)
    grey = deep[..., :1]
    yield raw_png("orientation-8-after-data", rgb, 8, 2, after=chunk(b"eXIf", orientation(8, ">")[6:]))
    yield raw_png("background", rgba, 8, 6, chunk(b"bKGD", struct.pack(">3H", 255, 0, 255)))
    yield raw_png("grey-16-bit", grey, 16, 0)
    yield raw_png("grey-16-bit-dark", grey % 300, 16, 0)
    yield raw_png("grey-16-bit-trns", grey % 300, 16, 0, chunk(b"tRNS", struct.pack(">H", 7)))
    yield raw_png("grey-alpha-16-bit", deep[..., :2], 16, 4)
    yield raw_png("rgb-16-bit", deep[..., :3], 16, 2)
    yield raw_png("rgb-16-bit-trns", deep[..., :3], 16, 2, chunk(b"tRNS", struct.pack(">3H", *deep[0, 0, :3])))
    yield raw_png("rgba-16-bit", deep, 16, 6)
    yield raw_png("adam7-bilevel", grey % 2, 1, 0, adam7=True)
    yield raw_png("adam7-grey-2-bit", grey % 4, 2, 0, adam7=True)
    yield raw_png("adam7-palette-4-bit", grey % 16, 4, 3, chunk(b"PLTE", rgb[30, :16].tobytes()), adam7=True)
    yield raw_png("adam7-rgb", rgb, 8, 2, adam7=True)
    yield raw_png("adam7-rgb-16-bit", deep[..., :3], 16, 2, adam7=True)
    yield raw_png("adam7-rgba", rgba, 8, 6, adam7=True)
    yield raw_png("adam7-tiny", rgb[:3, :2], 8, 2, adam7=True)


def jpegs():
    photo, china = photograph(97, 61, "flower"), photograph(61, 59, "china")
    cmyk = Image.merge("CMYK", [*photo.split(), photograph(97, 61, "camera").point(lambda value: value // 2)])
    samplings = {"444": "4:4:4", "422": "4:2:2", "420": "4:2:0"}
    for name, image, options in [
        *((f"{quality}-{name}", photo, {"quality": quality, "subsampling": sampling})
          for quality in [30, 50, 75, 90, 95, 100] for name, sampling in samplings.items()),
        *((f"{kind}-{name}", image, {"subsampling": sampling, **options}) for name, sampling in samplings.items()
          for kind, image, options in [("edges", edges(93, 70), {}), ("noise", noise(97, 61), {"quality": 95}),
                                       ("progressive", photo, {"progressive": True})]),
        ("optimised", photo, {"optimize": True}), ("profile", photo, {"icc_profile": swapped_profile()}),
        ("restart-blocks", photo, {"restart_marker_blocks": 3}), ("restart-rows", photo, {"restart_marker_rows": 1}),
        ("restart-progressive", photo, {"restart_marker_rows": 2, "progressive": True}),
        ("grey", photo.convert("L"), {}), ("grey-progressive", photo.convert("L"), {"progressive": True}),
        ("cmyk", cmyk, {"quality": 90}), ("cmyk-progressive", cmyk, {"progressive": True}),
        ("cmyk-noise", Image.merge("CMYK", noise(40, 30, 4).split()), {}), ("rgb-inside", photo, {"keep_rgb": True}),
        *((f"{size}x{size}", photograph(size, size), {}) for size in [2, 8, 9, 15, 16, 17]),
        ("1600x1200", photograph(1600, 1200, "rocket"), {"quality": 60}),
        # 0 and 9 are no orientations.
        *((f"orientation-{turn}", photo, {"exif": orientation(turn)}) for turn in range(10)),
        ("orientation-6-big-endian", photo, {"exif": orientation(6, ">")}),
    ]:
        yield encoded(name, "jpeg", image, **options)
    for name, factors, written in [("411", 0x41, "4:2:0"), ("440", 0x12, "4:2:2")]:
        yield resampled(f"unusual-{name}", factors, written, china)
        yield resampled(f"unusual-{name}-progressive", factors, written, china.resize((64, 64)), progressive=True)


def webps():
    """Unless it is told to be exact, the encoder repaints what is wholly transparent."""
    photo, tiny = photograph(97, 61, "coffee"), noise(3, 2)
    clear = with_alpha(photo)
    for kind, name, image, options in [
        *((kind, name, image, {}) for kind in ["lossless", "lossy"] for name, image in [
            ("noise", noise(61, 47)), ("edges", edges(93, 70)), ("tiny", tiny), ("alpha", clear)]),
        *((kind, "alpha-exact", clear, {"exact": True}) for kind in ["lossless", "lossy"]),
        ("lossless", "photo", photo, {}), ("lossless", "palette", photo.quantize(12).convert("RGB"), {}),
        ("lossless", "fast", photo, {"method": 0, "quality": 0}),
        ("lossless", "profile", photo, {"icc_profile": swapped_profile()}),
        *(("lossless", f"orientation-{turn}", photo, {"exif": orientation(turn)}) for turn in range(1, 9)),
        *(("lossy", f"{quality}", photo, {"quality": quality}) for quality in [30, 60, 80, 95, 100]),
        ("lossy", "alpha-coarse", clear, {"alpha_quality": 20}), ("lossy", "slow", photo, {"method": 6}),
        ("lossy", "orientation-6", photo, {"exif": orientation(6)}),
    ]:
        yield encoded(name, f"webp-{kind}", image, **options)


def formats():
    """Each file as decoded, and then reduced, which tells whether alpha or a palette had a part in it."""
    filters = itertools.cycle(["bicubic", "lanczos", "bilinear"])
    for picture in itertools.chain(pngs(), jpegs(), webps()):
        yield picture, "decoded", sized(*opened(picture).size)
        filter = next(filters)
        yield picture, f"fit-{filter}", sized(32, 32, "fit", filter=filter, pad=[9, 99, 199])


def numbers():
    """What becomes of the bytes: layout and order, scale and offset, and normalisation, in every combination."""
    picture = encoded("numbers", "png", photograph(61, 47, "astronaut"))
    values = {
        "default": {}, "written-default": {"scale": 1 / 255, "offset": 0.0}, "bytes": {"scale": 1.0},
        "offset": {"offset": -0.5}, "lite0": LITE0, "imagenet": IMAGENET,
        "all": {"scale": 2 / 255, "offset": -1.0, **IMAGENET},
    }
    for layout, channels, name in itertools.product(["NCHW", "NHWC"], ["RGB", "BGR"], values):
        keys = {"layout": layout, "channels": channels, **values[name]}
        yield picture, f"{layout}-{channels}-{name}".lower(), sized(48, 32) | keys


def classified():
    """Photographs, and changes of them, for a model to tell what they show."""
    options = {"png": {}, "jpeg": {"quality": 90}, "webp-lossless": {"method": 1}, "webp-lossy": {"quality": 85}}
    for shift, (name, photo) in enumerate(PHOTOGRAPHS.items()):
        width, height = photo.size
        for at, (change, image) in enumerate([
            ("whole", photo), ("mirrored", ImageOps.mirror(photo)),
            ("cropped", photo.crop((width // 8, height // 10, width * 7 // 8, height * 9 // 10))),
            ("brighter", ImageEnhance.Brightness(photo).enhance(1.4)),
        ]):
            format = list(options)[(at + shift) % len(options)]
            yield encoded(f"{name}-{change}", format, image, **options[format]), "model", MANIFEST


def record(folder, picture, label, section, session):
    """Writes the files of a case, and returns what `cases.json` says of it."""
    x = tensor(picture, section)
    case = {
        "name": f"{picture.name}-{label}",
        "file": f"pictures/{picture.name}.{picture.format.split('-')[0]}",
        "format": picture.format,
        "mode": Image.open(io.BytesIO(picture.data)).mode,
        "image": "".join(f"{key} = {toml(value)}\n" for key, value in section.items()),
        "tensor": f"tensors/{picture.name}-{label}.f32",
        "shape": x.shape,
        "top1": None, "margin": None,
    }
    if section is MANIFEST:
        (probabilities,), = session.run(["probabilities"], {"image": x})
        second, first = np.argsort(probabilities)[-2:]
        case |= {"top1": int(first), "margin": float(probabilities[first] - probabilities[second])}
    (folder / case["file"]).write_bytes(picture.data)
    (folder / case["tensor"]).write_bytes(x.tobytes())
    return case


def main(folder, model=MODEL):
    session = onnxruntime.InferenceSession(model)
    for inner in ["pictures", "tensors"]:
        (folder / inner).mkdir(parents=True, exist_ok=True)
    made = itertools.chain(resizing(), formats(), numbers(), classified())
    cases = [record(folder, *case, session) for case in made]
    assert len({case["name"] for case in cases}) == len(cases), "two cases of one name"
    lines = ",\n".join(json.dumps(case) for case in cases)
    (folder / "cases.json").write_text(f"[\n{lines}\n]\n")
    print(f"{len(cases)} cases written to {folder}: {dict(collections.Counter(case['format'] for case in cases))}")


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
