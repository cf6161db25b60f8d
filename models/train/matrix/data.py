"""The data of the matrix: small real tables and texts that come inside the pinned packages.

Models are fitted to every second row and asked about all, so that half of the answers are to rows never seen.
"""

import dataclasses
import functools
import pathlib
import re

import numpy as np
import pandas as pd
import sklearn
from palmerpenguins import load_penguins
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from vega_datasets import data as vega


@dataclasses.dataclass(frozen=True)
class Data:
    """Rows and what is to be learned from them.

    `table` is an array (all columns are one input of the model), a data frame (each column is an input), or an array
    of texts.
    """

    table: np.ndarray | pd.DataFrame
    target: np.ndarray

    def fitted_on(self):
        """Every second row."""
        return self.table[::2], self.target[::2]

    def labelled(self, names):
        """The classes 0, 1, … under other names."""
        return dataclasses.replace(self, target=np.asarray(names)[self.target])

    def labelled_where(self, name):
        """Two classes: this one, 1, and all others, 0."""
        return dataclasses.replace(self, target=(self.target == name).astype(np.int64))

    def numbered(self):
        """The classes as 0, 1, …, for libraries that take no names."""
        return dataclasses.replace(self, target=np.unique(self.target, return_inverse=True)[1])

    def of_type(self, dtype):
        """The table in another element type."""
        return dataclasses.replace(self, table=self.table.astype(dtype))

    def columns(self, names):
        """Some columns of a data frame."""
        return dataclasses.replace(self, table=self.table[names])

    def of_matrix(self):
        """A data frame as one array."""
        return dataclasses.replace(self, table=self.table.to_numpy())

    def positive(self):
        """The table without the columns that hold anything but positive numbers."""
        return dataclasses.replace(self, table=self.table[:, (self.table > 0).all(axis=0)])

    def with_gaps(self, share=0.1):
        """The table with some numbers missing, in every column."""
        gaps = np.random.default_rng(0).random(self.table.shape) < share
        return dataclasses.replace(self, table=np.where(gaps, self.table.dtype.type(np.nan), self.table))


def column_names(table):
    """The fields that a client sends, as the server names them without a manifest: scikit-learn's names."""
    if hasattr(table, "columns"):
        return list(table.columns)
    if table.dtype == object and (table.ndim == 1 or table.shape[1] == 1):
        return ["text"]
    return [f"x{position}" for position in range(table.shape[1])]


@functools.cache
def cancer():
    """569 tumours by ten measurements; 0 is malignant, 1 benign."""
    table, target = load_breast_cancer(return_X_y=True)
    return Data(table[:, :10].astype(np.float32), target)


@functools.cache
def birds():
    """342 penguins by four measurements; the classes 0, 1, 2 are `SPECIES`."""
    known = penguins()
    table = known[["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]].to_numpy(np.float32)
    return Data(table, np.array([SPECIES.index(species) for species in known["species"]]))


SPECIES = ["Adelie", "Chinstrap", "Gentoo"]


@functools.cache
def digits():
    """600 drawn digits as 64 counts of ink from 0 to 16."""
    table, target = load_digits(return_X_y=True)
    return Data(table[:600].astype(np.float32), target[:600])


@functools.cache
def diabetes():
    """442 patients by ten standardised facts; the progress of their illness, 25 to 346."""
    table, target = load_diabetes(return_X_y=True)
    return Data(table.astype(np.float32), target)


@functools.cache
def two_values():
    """The patients again, with two numbers to predict."""
    table, target = load_diabetes(return_X_y=True)
    return Data(table[:, :8].astype(np.float32), np.column_stack([target, 100 * table[:, 8]]))


@functools.cache
def two_labels(*edges):
    """The tumours again, with two things to tell: whether it is benign, and between which edges its radius lies."""
    whole = cancer()
    return Data(whole.table[:, 1:], np.column_stack([whole.target, np.digitize(whole.table[:, 0], edges)]))


@functools.cache
def penguins():
    """The 342 birds whose measurements are known, as a data frame."""
    birds = load_penguins()
    return birds[birds["bill_length_mm"].notna()].reset_index(drop=True)


@functools.cache
def bird_table(dtype=np.float32):
    """The penguins as a data frame with columns of text, numbers and whole numbers."""
    known = penguins()
    table = known[["island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "year"]]
    floats = {"bill_length_mm": dtype, "bill_depth_mm": dtype}
    table = table.astype(floats | {"flipper_length_mm": np.int64, "year": np.int64, "island": object})
    return Data(table, known["species"].to_numpy(object))


@functools.cache
def cars(dtype=np.float32):
    """406 cars as a data frame, the horsepower of six unknown; the time from 0 to 60 miles per hour."""
    table = vega.cars().rename(columns=str.lower)
    table = table.assign(model_year=table["year"].dt.year.astype(np.int64), origin=table["origin"].astype(object))
    table = table.astype({"displacement": dtype, "horsepower": dtype})
    columns = ["cylinders", "displacement", "horsepower", "weight_in_lbs", "model_year", "origin"]
    return Data(table[columns], table["acceleration"].to_numpy())


@functools.cache
def texts():
    """299 pieces of the descriptions of scikit-learn's data sets; which of six data sets they are about."""
    folder = pathlib.Path(sklearn.__file__).parent / "datasets" / "descr"
    sentences, target = [], []
    for name in ["breast_cancer", "twenty_newsgroups", "wine_data", "lfw", "kddcup99", "iris"]:
        text = re.sub(r"\s+", " ", (folder / f"{name}.rst").read_text(encoding="utf-8"))
        found = [text[at:at + 90].strip() for at in range(0, len(text) - 90, 90)]
        sentences += found
        target += [name] * len(found)
    order = np.random.default_rng(0).permutation(len(sentences))
    return Data(np.array(sentences, dtype=object)[order], np.array(target, dtype=object)[order])


@functools.cache
def text_table():
    """The pieces of text in a data frame, beside how long they are, their digits, and how they begin."""
    found = texts()
    table = pd.DataFrame({
        "sentence": found.table,
        "length": np.array([len(text) for text in found.table], dtype=np.int64),
        "digits": np.array([sum(map(str.isdigit, text)) for text in found.table], dtype=np.float32),
        "opens": np.array(["upper" if text[:1].isupper() else "lower" for text in found.table], dtype=object),
    })
    return Data(table, found.target)
