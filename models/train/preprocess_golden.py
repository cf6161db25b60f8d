"""What scikit-learn's scalers, encoders and imputers answer, for the tests of the crate `preprocess`.

Each file in `crates/preprocess/tests/golden/` holds a manifest that carries a fitted transformer's numbers the way a
user would copy them, rows as a client would send them, and the matrix that scikit-learn made of those rows. The rows
are real penguins, those with missing values among them, and each table has a constant column.
"""

import json
import pathlib

import numpy as np
import pandas as pd
import sklearn
from palmerpenguins import load_penguins
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "crates" / "preprocess" / "tests" / "golden"
MEASURED = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
# 0.1 has no exact binary form, so its computed variance need not be exactly zero.
NUMERIC = [*MEASURED, "constant"]


def penguins():
    """Every twelfth penguin and two with missing values, with a column that never varies."""
    table = load_penguins()
    table = pd.concat([table.iloc[::12], table[table["bill_length_mm"].isna()]])
    return table[[*MEASURED, "island", "species", "sex", "year"]].assign(constant=0.1).reset_index(drop=True)


def feature(name, kind, **keys):
    """One `[[feature]]` of a manifest. Values become TOML as they are; a table is given as a dict."""

    def toml(value):
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + " }"
        # JSON's text, numbers, booleans and arrays are TOML's too.
        return json.dumps(value)

    lines = ["[[feature]]", f"name = {toml(name)}", f"type = {toml(kind)}"]
    return "\n".join(lines + [f"{key} = {toml(value)}" for key, value in keys.items()]) + "\n"


def optional(name, kind, **keys):
    return feature(name, kind, required=False, nullable=True, **keys)


def save(name, features, table, expected):
    """Writes one case. NaN becomes null, in the rows (a missing value) and in the matrix (NaN in the tensor)."""

    def plain(value):
        value = value.item() if isinstance(value, np.generic) else value
        return None if value != value else value

    golden = {
        "library": f"scikit-learn {sklearn.__version__}",
        "manifest": 'manifest = 1\ntask = "regression"\n' + "\n".join(features),
        "rows": [{key: plain(value) for key, value in row.items()} for row in table.to_dict("records")],
        "expected": [[plain(value) for value in row] for row in np.asarray(expected, dtype=float)],
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps(golden, indent=1)
    # One row per line: the innermost level of indentation goes.
    text = text.replace("\n   ", " ").replace("\n  }", " }").replace("\n  ]", " ]")
    (FOLDER / f"{name}.json").write_text(text + "\n")


def scalers(table):
    """The three scalers, fitted with missing values in place, which they ignore and pass on."""
    table = table[NUMERIC]
    # What a client sends need not be constant: the last row asks for a value that the fit never saw.
    asked = table.assign(constant=[*table["constant"][:-1], 0.3])
    standard = StandardScaler().fit(table)
    # `var_` and not `scale_`: the raw deviation of the constant column is (nearly) zero, where `scale_` says 1.
    scales = [{"kind": "standard", "mean": m, "std": s} for m, s in zip(standard.mean_, np.sqrt(standard.var_))]
    save("standard_scaler", numeric(scales), asked, standard.transform(asked))

    min_max = MinMaxScaler().fit(table)
    scales = [{"kind": "minmax", "min": low, "max": high} for low, high in zip(min_max.data_min_, min_max.data_max_)]
    save("min_max_scaler", numeric(scales), asked, min_max.transform(asked))

    robust = RobustScaler().fit(table)
    low, high = np.nanpercentile(table, [25, 75], axis=0)
    scales = [{"kind": "robust", "median": m, "iqr": i} for m, i in zip(robust.center_, high - low)]
    save("robust_scaler", numeric(scales), asked, robust.transform(asked))


def numeric(scales):
    return [optional(name, "float", scale=scale) for name, scale in zip(NUMERIC, scales)]


def encoders(table):
    """One-hot over text and whole numbers; ordinal with a missing value, which scikit-learn keeps as NaN."""
    columns = table[["island", "year"]]
    one_hot = OneHotEncoder(sparse_output=False).fit(columns)
    islands, years = (values.tolist() for values in one_hot.categories_)
    features = [
        feature("island", "string", categories=islands, encode="one-hot"),
        feature("year", "int", categories=years, encode="one-hot"),
    ]
    save("one_hot_encoder", features, columns, one_hot.transform(columns))

    columns = table[["species", "sex"]]
    # Size order, not the alphabet's: the manifest's order is what counts.
    orders = [["Gentoo", "Adelie", "Chinstrap"], ["male", "female"]]
    ordinal = OrdinalEncoder(categories=[orders[0], [*orders[1], np.nan]]).fit(columns)
    features = [
        feature("species", "string", categories=orders[0], encode="ordinal"),
        optional("sex", "string", categories=orders[1], encode="ordinal"),
    ]
    save("ordinal_encoder", features, columns, ordinal.transform(columns))


def imputers(table):
    """Each statistic of SimpleImputer, alone and in front of a scaler or an encoder, in one ColumnTransformer."""
    table = table[["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "sex", "island", "year", "constant"]]
    transformer = ColumnTransformer(
        [
            ("mean", SimpleImputer(strategy="mean"), ["bill_length_mm"]),
            ("median", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["bill_depth_mm"]),
            ("fill", SimpleImputer(strategy="constant", fill_value=-1.0), ["flipper_length_mm"]),
            ("frequent", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["sex"]),
            ("island", OrdinalEncoder(), ["island"]),
            ("year", "passthrough", ["year"]),
            ("constant", MinMaxScaler(), ["constant"]),
        ],
        sparse_threshold=0,
    ).fit(table)
    fitted = transformer.named_transformers_
    imputer, scaler = fitted["median"].named_steps.values()
    sex_imputer, sex_encoder = fitted["frequent"].named_steps.values()
    standard = {"kind": "standard", "mean": scaler.mean_[0], "std": scaler.scale_[0]}
    features = [
        optional("bill_length_mm", "float", impute=fitted["mean"].statistics_[0]),
        optional("bill_depth_mm", "float", impute=imputer.statistics_[0], scale=standard),
        optional("flipper_length_mm", "float", impute=-1.0),
        optional(
            "sex",
            "string",
            categories=sex_encoder.categories_[0].tolist(),
            impute=sex_imputer.statistics_[0],
            encode="one-hot",
        ),
        feature("island", "string", categories=fitted["island"].categories_[0].tolist(), encode="ordinal"),
        feature("year", "int"),
        feature("constant", "float", scale={"kind": "minmax", "min": 0.1, "max": 0.1}),
    ]
    save("simple_imputer", features, table, transformer.transform(table))


if __name__ == "__main__":
    table = penguins()
    scalers(table)
    encoders(table)
    imputers(table)
