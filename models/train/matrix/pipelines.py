"""A pipeline of the matrix: what is fitted to which data, and how it is exported."""

import dataclasses
import typing

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from matrix import export
from matrix.data import Data, column_names


@dataclasses.dataclass(frozen=True)
class Pipeline:
    """One model of the matrix."""

    family: str
    #: Name of the folder and of the model that is served from it.
    name: str
    model: typing.Any
    data: Data
    #: A function of `export`.
    export: typing.Callable = export.scikit_learn
    #: What the user says to the exporter beside the model.
    options: dict | None = None
    #: What the user says to `fit` beside the data.
    fit: dict = dataclasses.field(default_factory=dict)
    #: A `model.toml` where the file does not say enough.
    manifest: str | None = None
    #: Why the server does not serve the file, if it does not; the matrix fails as soon as it does.
    refused: str | None = None


def scaled(model):
    """A model of distances or gradients wants columns of one scale, and most of them are used so."""
    return make_pipeline(StandardScaler(), model)


def nullable(task, data):
    """The manifest for trees whose file does not say that their columns may be missing."""
    features = [f'[[feature]]\nname = "{name}"\ntype = "float"\nnullable = true\n' for name in column_names(data.table)]
    return "\n".join([f'manifest = 1\ntask = "{task}"\n', *features])


class Family:
    """The pipelines of one module, in their order. `defaults` hold for all of them."""

    def __init__(self, name, **defaults):
        self.name = name
        self.defaults = defaults
        self.pipelines = []

    def add(self, name, model, data, **how):
        self.pipelines.append(Pipeline(self.name, name, model, data, **{**self.defaults, **how}))
