"""Holds objects of KServe, read as an array of JSON from standard input, against the classes of KServe's own Python package.

Those are generated from the types of its Go source and know every field by name and type, down to those of Kubernetes inside.
"""

import json
import re
import sys

import kserve
from kubernetes import client

CLASSES = {
    "serving.kserve.io/v1alpha1/ServingRuntime": "V1alpha1ServingRuntime",
    "serving.kserve.io/v1beta1/InferenceService": "V1beta1InferenceService",
}
SCALARS = {"str": str, "bool": bool, "int": int, "float": (int, float)}
# Text or number.
FREE = {"object", "ResourceQuantity"}


def problems(value, kind: str, where: str):
    """What of `value` is not as `kind`, a type as the generated classes write it, has it."""
    if kind in FREE:
        return
    if listed := re.fullmatch(r"list\[(.+)\]", kind):
        yield from of_each(enumerate(value) if isinstance(value, list) else None, listed[1], where, "a list")
    elif keyed := re.fullmatch(r"dict\(str, (.+)\)", kind):
        yield from of_each(value.items() if isinstance(value, dict) else None, keyed[1], where, "a map")
    elif kind in SCALARS:
        if not isinstance(value, SCALARS[kind]) or (kind == "int" and isinstance(value, bool)):
            yield f"{where}: {value!r} should be of type {kind}"
    else:
        yield from of_class(value, getattr(kserve, kind, None) or getattr(client, kind), where)


def of_each(items, kind: str, where: str, wanted: str):
    if items is None:
        yield f"{where}: should be {wanted}"
        return
    for key, item in items:
        yield from problems(item, kind, f"{where}.{key}")


def of_class(value, model, where: str):
    if not isinstance(value, dict):
        yield f"{where}: should be a map with the fields of {model.__name__}"
        return
    # Those of Kubernetes are classes of pydantic, and look into everything themselves.
    if hasattr(model, "model_validate"):
        yield from refusal(where, lambda: model.model_validate(value))
        return
    fields = {model.attribute_map[name]: (name, kind) for name, kind in model.openapi_types.items()}
    known = value.keys() & fields.keys()
    for name in value.keys() - known:
        yield f"{where}.{name}: {model.__name__} has no such field"
    for name in known:
        yield from problems(value[name], fields[name][1], f"{where}.{name}")
    # What is required they say when they are made.
    yield from refusal(where, lambda: model(**{fields[name][0]: value[name] for name in known}))


def refusal(where: str, make):
    try:
        make()
    except ValueError as error:
        yield f"{where}: {error}"


found = []
for document in json.load(sys.stdin):
    kind = f"{document['apiVersion']}/{document['kind']}"
    found += problems(document, CLASSES[kind], document["kind"]) if kind in CLASSES else [f"{kind}: no class checks it"]
for problem in found:
    print(problem)
sys.exit(bool(found))
