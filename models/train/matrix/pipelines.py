"""A pipeline of the matrix: what is fitted to which data, and how it is exported."""

import dataclasses
import typing

from matrix import export
from matrix.data import Data


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


class Family:
    """The pipelines of one module, in their order. `defaults` hold for all of them."""

    def __init__(self, name, **defaults):
        self.name = name
        self.defaults = defaults
        self.pipelines = []

    def add(self, name, model, data, **how):
        self.pipelines.append(Pipeline(self.name, name, model, data, **{**self.defaults, **how}))
