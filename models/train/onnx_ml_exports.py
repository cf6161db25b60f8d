"""Tiny exports for the tests of `crates/onnx-ml`: one pipeline each, as the libraries' users build and export them.

Beside each `<name>.onnx` lies `<name>.json`: seven rows of input and what ONNX Runtime answers to them. Predictions are
compared with the library's first, so that the yardstick is not an exporter's mistake.
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import (
    AdaBoostClassifier, AdaBoostRegressor, BaggingClassifier, ExtraTreesClassifier, ExtraTreesRegressor,
    GradientBoostingClassifier, GradientBoostingRegressor, IsolationForest, RandomForestClassifier,
    RandomForestRegressor, StackingClassifier, VotingClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    ElasticNet, Lasso, LinearRegression, LogisticRegression, Perceptron, PoissonRegressor, Ridge, RidgeClassifier,
    SGDClassifier, SGDRegressor,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer, KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, Normalizer, OneHotEncoder, OrdinalEncoder,
    PolynomialFeatures, PowerTransformer, RobustScaler, StandardScaler,
)
from sklearn.decomposition import PCA
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from matrix import export
from matrix.data import Data

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "crates" / "onnx-ml" / "tests" / "exports"
ROWS = 7
FLOATS = [("float_input", FloatTensorType([None, 4]))]
DOUBLES = [("double_input", DoubleTensorType([None, 4]))]
NO_ZIPMAP = {"zipmap": False}


def numbers(classes, labels=None):
    """Four numeric columns and `classes` classes, named by `labels` if given."""
    table, target = make_classification(
        n_samples=120, n_features=4, n_informative=3, n_redundant=0, n_classes=classes, n_clusters_per_class=1,
        random_state=classes)
    return table.astype(np.float32), target if labels is None else np.array(labels)[target]


def values(targets=1):
    """Four numeric columns and `targets` numbers to predict."""
    table, target = make_regression(n_samples=120, n_features=4, n_targets=targets, noise=5.0, random_state=targets)
    return table.astype(np.float32), target


def doubles(data):
    """The same rows in double precision."""
    table, target = data
    return table.astype(np.float64), target


def positive(data):
    """The same rows without signs."""
    table, target = data
    return np.abs(table), target


def few(data):
    """A quarter of the rows, for models that keep them all."""
    table, target = data
    return table[:30], target[:30]


def sentences():
    """Short texts and numbers beside them, and whether the writer is content."""
    random = np.random.default_rng(7)
    words = "the Food was great, but service is SLOW! we'll come back; not worth 20 Euro -- cheap".split()
    table = pd.DataFrame({
        "text": [" ".join(random.choice(words, random.integers(1, 8))) for _ in range(40)],
        "stars": random.integers(1, 6, 40).astype(np.int64),
    })
    content = table["text"].str.contains("great|back") | (table["stars"] > 4)
    return table, content.map({False: "no", True: "yes"}).to_numpy()


def people(missing=False):
    """Columns of every type, as a table of a data base has them, and whether somebody buys."""
    random = np.random.default_rng(5)
    table = pd.DataFrame({
        "age": random.integers(18, 80, 120).astype(np.int64),
        "income": random.normal(40, 12, 120).astype(np.float32).round(2),
        "city": random.choice(["Lima", "Oslo", "Pune", "Turin"], 120),
        "plan": random.choice(["basic", "free", "pro"], 120),
    })
    target = ((table["age"] > 45) ^ (table["city"] == "Oslo")).map({False: "no", True: "yes"}).to_numpy()
    if missing:
        table.loc[random.random(120) < 0.2, "income"] = np.nan
        table.loc[0, "income"] = np.nan
    return table, target


PEOPLE = [
    ("age", Int64TensorType([None, 1])), ("income", FloatTensorType([None, 1])),
    ("city", StringTensorType([None, 1])), ("plan", StringTensorType([None, 1])),
]
SENTENCES = [("text", StringTensorType([None, 1])), ("stars", Int64TensorType([None, 1]))]


def save(name, model, data, types=FLOATS, runs=True, **how):
    """Fits, exports by skl2onnx, told `how`, and records; by the library's answers if ONNX Runtime `runs` it not."""
    table, target = data
    model.fit(table, target)
    exported = convert_sklearn(model, name=name, initial_types=types, **how).SerializeToString()
    rows = table[:ROWS]
    feed = {}
    for column, kind in types:
        dtype = {FloatTensorType: np.float32, DoubleTensorType: np.float64, Int64TensorType: np.int64,
                 StringTensorType: object}[type(kind)]
        # One input of many columns, or one input per column.
        block = rows if len(types) == 1 else rows[[column]]
        feed[column] = np.asarray(block).astype(dtype)
    expected = model.predict(rows)
    outputs = checked(exported, feed, expected) if runs else [expected, model.predict_proba(rows)]
    record(name, exported, feed, outputs)


def save_booster(name, model, data, exporter, **fit):
    """Fits, exports by the library's usual `exporter`, and records."""
    table, target = data
    model.fit(table, target, **fit)
    exported = onnx.load_from_string(exporter(model, Data(table, target)))
    # onnxmltools draws a name, CatBoost an id, and writes down the time.
    exported.graph.name = name
    del exported.metadata_props[:]
    feed = {exported.graph.input[0].name: table[:ROWS]}
    exported = exported.SerializeToString()
    record(name, exported, feed, checked(exported, feed, model.predict(table[:ROWS])))


def checked(exported, feed, expected):
    """ONNX Runtime's answers, the first of which must be what the library `expected`."""
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    outputs = [unzip(output) for output in session.run(None, feed)]
    answer = outputs[0].reshape(expected.shape)
    if expected.dtype.kind == "f":
        assert np.allclose(answer, expected, rtol=1e-4, atol=1e-4), (answer, expected)
    else:
        assert (answer == expected).all(), (answer, expected)
    return outputs


def record(name, exported, feed, outputs):
    """Writes the export and what it answers to `feed`."""
    answers = {"inputs": [describe(block) for block in feed.values()], "outputs": [describe(o) for o in outputs]}
    (FOLDER / f"{name}.onnx").write_bytes(exported)
    (FOLDER / f"{name}.json").write_text(json.dumps(answers) + "\n")
    print(f"{name}: {sorted({node.op_type for node in onnx.load_from_string(exported).graph.node})}")


def unzip(output):
    """The columns of a ZipMap, as the matrix that it was."""
    if isinstance(output, list):
        return np.array([list(row.values()) for row in output], dtype=np.float32)
    return output


def describe(array):
    """An array as JSON; NaN, which JSON lacks, as null."""
    dtype = "string" if array.dtype == object else array.dtype.name
    data = [None if value != value else value for value in array.ravel().tolist()]
    return {"dtype": dtype, "shape": list(array.shape), "data": data}


def logistic(**parameters):
    return LogisticRegression(max_iter=500, **parameters)


def mixed(*numeric):
    """One-hot cities and plans, and whatever `numeric` makes of the numbers."""
    return ColumnTransformer([
        ("numbers", make_pipeline(*numeric) if numeric else "passthrough", ["age", "income"]),
        ("texts", OneHotEncoder(handle_unknown="ignore"), ["city", "plan"]),
    ])


CITIES = ["Lima", "Oslo", "Pune"]


def linear_models():
    save("logistic_binary", logistic(), numbers(2))
    save("logistic_binary_strings", logistic(), numbers(2, ["no", "yes"]))
    save("logistic_multiclass", logistic(), numbers(3))
    save("logistic_multiclass_strings", logistic(), numbers(3, CITIES))
    save("logistic_no_zipmap", logistic(), numbers(3, CITIES), options={LogisticRegression: NO_ZIPMAP})
    save("logistic_raw_scores", logistic(), numbers(3),
         options={LogisticRegression: {"raw_scores": True, "zipmap": False}})
    save("logistic_labels_10_20", logistic(), numbers(2, [10, 20]))
    save("one_vs_rest", OneVsRestClassifier(logistic()), numbers(3, CITIES))
    save("ridge_classifier", RidgeClassifier(), numbers(2), options={RidgeClassifier: NO_ZIPMAP})
    save("sgd_classifier", SGDClassifier(loss="log_loss", random_state=0), numbers(3))
    save("perceptron", Perceptron(random_state=0), numbers(3), options={Perceptron: NO_ZIPMAP})
    save("linear_regression", LinearRegression(), values())
    save("linear_regression_two_targets", LinearRegression(), values(2))
    save("ridge", Ridge(), values())
    save("lasso", Lasso(), values())
    save("elastic_net", ElasticNet(), values())
    save("sgd_regressor", make_pipeline(StandardScaler(), SGDRegressor(random_state=0)), values())
    save("poisson", PoissonRegressor(), (values()[0], np.abs(values()[1])))


def trees():
    few = {"n_estimators": 5, "max_depth": 3, "random_state": 0}
    for kind, classes in [("binary", numbers(2)), ("binary_strings", numbers(2, ["no", "yes"])),
                          ("multiclass", numbers(3)), ("multiclass_strings", numbers(3, CITIES))]:
        save(f"decision_tree_{kind}", DecisionTreeClassifier(max_depth=3, random_state=0), classes)
        save(f"random_forest_{kind}", RandomForestClassifier(**few), classes)
        save(f"gradient_boosting_{kind}", GradientBoostingClassifier(**few), classes)
    save("random_forest_labels_10_20", RandomForestClassifier(**few), numbers(2, [10, 20]))
    save("extra_trees", ExtraTreesClassifier(**few), numbers(2))
    save("gradient_boosting_init_zero", GradientBoostingClassifier(init="zero", **few), numbers(2))
    save("decision_tree_regressor", DecisionTreeRegressor(max_depth=3, random_state=0), values())
    save("decision_tree_regressor_two_targets", DecisionTreeRegressor(max_depth=3, random_state=0), values(2))
    save("random_forest_regressor", RandomForestRegressor(**few), values())
    save("random_forest_regressor_two_targets", RandomForestRegressor(**few), values(2))
    save("extra_trees_regressor", ExtraTreesRegressor(**few), values())
    save("gradient_boosting_regressor", GradientBoostingRegressor(**few), values())
    save("random_forest_double", RandomForestClassifier(**few), doubles(numbers(2)), types=DOUBLES)
    table, target = numbers(3)
    integers = [("int_input", Int64TensorType([None, 4]))]
    save("random_forest_int", RandomForestClassifier(**few), ((table * 10).astype(np.int64), target), types=integers)


def scalers():
    for name, scaler in [("standard", StandardScaler()), ("minmax", MinMaxScaler()), ("robust", RobustScaler()),
                         ("maxabs", MaxAbsScaler()), ("normalizer_l1", Normalizer("l1")),
                         ("normalizer_l2", Normalizer()), ("binarizer", Binarizer(threshold=0.3)),
                         ("pca", PCA(n_components=2)), ("polynomial", PolynomialFeatures()),
                         ("select_k_best", SelectKBest(k=2)),
                         ("bins", KBinsDiscretizer(n_bins=3, encode="ordinal",
                                                   quantile_method="averaged_inverted_cdf"))]:
        save(f"scaler_{name}", make_pipeline(scaler, logistic()), numbers(2))
    save("minmax_clip", make_pipeline(MinMaxScaler(clip=True), logistic()), numbers(3))
    table, target = numbers(2)
    table = table.copy()
    table[np.random.default_rng(0).random(table.shape) < 0.2] = np.nan
    save("imputer", make_pipeline(SimpleImputer(), StandardScaler(), logistic()), (table, target))


def tables():
    numeric_first = make_pipeline(mixed(StandardScaler()), logistic())
    save("table_logistic", numeric_first, people(), types=PEOPLE)
    save("table_forest", make_pipeline(mixed(), RandomForestClassifier(n_estimators=5, max_depth=3, random_state=0)),
         people(), types=PEOPLE)
    imputed = ColumnTransformer([
        ("income", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["income"]),
        ("age", "passthrough", ["age"]),
        ("texts", OneHotEncoder(handle_unknown="ignore"), ["city", "plan"]),
    ])
    save("table_imputer", make_pipeline(imputed, logistic()), people(missing=True), types=PEOPLE)
    ordinal = ColumnTransformer([
        ("numbers", "passthrough", ["age", "income"]),
        ("texts", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["city", "plan"]),
    ])
    save("table_ordinal", make_pipeline(ordinal, GradientBoostingClassifier(n_estimators=5, random_state=0)),
         people(), types=PEOPLE)
    texts = ColumnTransformer([
        ("texts", make_pipeline(SimpleImputer(missing_values="", strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
         ["city", "plan"]),
        ("numbers", MinMaxScaler(), ["age", "income"]),
    ])
    save("table_text_imputer", make_pipeline(texts, logistic()), people(), types=PEOPLE)
    table, target = people()
    save("string_matrix_one_hot", make_pipeline(OneHotEncoder(handle_unknown="ignore"), logistic()),
         (table[["city", "plan"]].to_numpy(dtype=object), target), types=[("texts", StringTensorType([None, 2]))])
    save("string_matrix_ordinal", make_pipeline(OrdinalEncoder(), DecisionTreeClassifier(max_depth=3)),
         (table[["city", "plan"]].to_numpy(dtype=object), target), types=[("texts", StringTensorType([None, 2]))])
    save("int_matrix_one_hot", make_pipeline(OneHotEncoder(handle_unknown="ignore"), logistic()),
         ((table[["age"]].to_numpy() // 20), target), types=[("ints", Int64TensorType([None, 1]))])
    save("one_hot_drop_first", make_pipeline(OneHotEncoder(drop="first"), logistic()),
         (table[["city", "plan"]].to_numpy(dtype=object), target), types=[("texts", StringTensorType([None, 2]))])


def ensembles():
    few = {"n_estimators": 3, "random_state": 0}
    save("bagging", BaggingClassifier(DecisionTreeClassifier(max_depth=2), **few), numbers(3))
    save("ada_boost", AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), **few), numbers(2))
    save("ada_boost_regressor", AdaBoostRegressor(**few), values())
    save("voting", VotingClassifier([("a", logistic()), ("b", DecisionTreeClassifier(max_depth=2))], voting="soft",
                                    flatten_transform=False), numbers(3))
    save("stacking", StackingClassifier([("a", logistic()), ("b", DecisionTreeClassifier(max_depth=2))]), numbers(2))
    save("calibrated", CalibratedClassifierCV(DecisionTreeClassifier(max_depth=2), cv=2), numbers(2))
    save("naive_bayes", GaussianNB(), numbers(3, CITIES))
    save("perceptron_layers", MLPClassifier((4,), max_iter=300, random_state=0), numbers(3, CITIES))


def vector_machines():
    rbf = SVC(probability=True, random_state=0)
    save("svc_rbf_probability_strings", rbf, few(numbers(3, CITIES)))
    save("nu_svc_poly", NuSVC(kernel="poly", nu=0.2), few(numbers(2)))
    save("linear_svc", LinearSVC(random_state=0), numbers(3))
    save("svr", make_pipeline(StandardScaler(), SVR(C=10.0)), few(values()))
    save("one_class_svm", OneClassSVM(), few(numbers(2)))


def texts():
    # The default locale, which says how to lower the case, is on few machines.
    options = {CountVectorizer: {"locale": "C"}, TfidfVectorizer: {"locale": "C"}}
    table, target = sentences()
    column = table["text"].to_numpy(dtype=object), target
    for name, vectorizer in [("count", CountVectorizer()),
                             ("tfidf", TfidfVectorizer(ngram_range=(1, 2), max_features=40))]:
        save(f"text_{name}", make_pipeline(vectorizer, logistic()), column, types=[("text", StringTensorType([None]))],
             options=options)
    beside = ColumnTransformer([("text", TfidfVectorizer(), "text"), ("stars", StandardScaler(), ["stars"])])
    save("table_text", make_pipeline(beside, logistic()), (table, target), types=SENTENCES, options=options)


def distances():
    save("neighbours", KNeighborsClassifier(3), few(numbers(3, CITIES)))
    save("neighbours_cdist", KNeighborsClassifier(3), few(numbers(2)),
         options={KNeighborsClassifier: {"optim": "cdist"}})
    save("k_means", KMeans(3, random_state=0), numbers(3))
    save("isolation_forest", IsolationForest(n_estimators=3, max_samples=8, random_state=0), numbers(2),
         target_opset={"": 17, "ai.onnx.ml": 3})


def probabilistic():
    save("multinomial_naive_bayes", MultinomialNB(), positive(numbers(3)))
    save("complement_naive_bayes", ComplementNB(), positive(numbers(2)))
    save("power_transformer", make_pipeline(PowerTransformer(), logistic()), numbers(2))


def double_precision():
    # ONNX Runtime has no ZipMap of doubles.
    save("logistic_double", logistic(), doubles(numbers(2)), types=DOUBLES, runs=False)
    save("perceptron_layers_double", MLPClassifier((4,), max_iter=300, random_state=0), doubles(numbers(2)),
         types=DOUBLES, runs=False)
    process = GaussianProcessRegressor(RBF(), alpha=0.5, optimizer=None, normalize_y=True)
    save("gaussian_process_double", process, doubles(few(values())), types=DOUBLES)


def boosters():
    trees = {"n_estimators": 5, "max_depth": 3, "random_state": 0, "n_jobs": 1}
    save_booster("xgboost_binary", XGBClassifier(**trees), numbers(2), export.xgboost)
    save_booster("xgboost_multiclass", XGBClassifier(**trees), numbers(3), export.xgboost)
    save_booster("xgboost_regressor", XGBRegressor(**trees), values(), export.xgboost)
    light = LGBMClassifier(verbose=-1, **trees)
    save_booster("lightgbm_binary", light, numbers(2), export.lightgbm)
    save_booster("lightgbm_multiclass_strings", light, numbers(3, CITIES), export.lightgbm)
    table, target = numbers(2)
    categories = np.abs(table * 3).astype(np.int64).astype(np.float32)
    save_booster("lightgbm_categories", light, (categories, target), export.lightgbm, categorical_feature=[0, 1])
    oblivious = {"iterations": 3, "depth": 3, "random_seed": 0, "thread_count": 1, "verbose": False,
                 "allow_writing_files": False}
    save_booster("catboost_binary_strings", CatBoostClassifier(**oblivious), numbers(2, ["no", "yes"]), export.catboost)
    save_booster("catboost_regressor", CatBoostRegressor(**oblivious), values(), export.catboost)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    linear_models()
    trees()
    scalers()
    tables()
    ensembles()
    vector_machines()
    texts()
    distances()
    probabilistic()
    double_precision()
    boosters()
