"""Preprocessing: every scaler, imputer, encoder, discretiser, projection and selection."""

from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA, IncrementalPCA, KernelPCA, TruncatedSVD
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import (
    RFE, RFECV, GenericUnivariateSelect, SelectFdr, SelectFpr, SelectFromModel, SelectFwe, SelectKBest,
    SelectPercentile, VarianceThreshold,
)
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer, FunctionTransformer, KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, Normalizer, OneHotEncoder,
    OrdinalEncoder, PolynomialFeatures, PowerTransformer, QuantileTransformer, RobustScaler, StandardScaler,
    TargetEncoder,
)
from sklearn.random_projection import GaussianRandomProjection

from matrix.data import bird_table, birds, cancer, diabetes, digits, two_values
from matrix.pipelines import Family, nullable

FAMILY = Family("columns")
add = FAMILY.add
ISLANDS = bird_table().columns(["island"])


def then_logistic(*steps):
    return make_pipeline(*steps, LogisticRegression(max_iter=1000))


# Alone: the answer is the row as it comes out.
add("standard-scaler", StandardScaler(), cancer())
add("min-max-scaler", MinMaxScaler(clip=True), cancer())
add("max-abs-scaler", MaxAbsScaler(), cancer())
add("robust-scaler", RobustScaler(), cancer().of_type("float64"))
add("normalizer-max", Normalizer("max"), cancer())
add("pca", PCA(3), diabetes())
add("one-hot", OneHotEncoder(), ISLANDS.of_matrix())
add("ordinal", OrdinalEncoder(), ISLANDS.of_matrix())

for name, step in [
    ("standard-scaler", StandardScaler(with_mean=False)), ("min-max-scaler", MinMaxScaler((-1, 1))),
    ("robust-scaler", RobustScaler()), ("normalizer-l1", Normalizer("l1")), ("normalizer-l2", Normalizer()),
    ("binarizer", Binarizer(threshold=15.0)), ("polynomial", PolynomialFeatures(interaction_only=True)),
    # Of grams to the power of -3, single precision leaves no digit: they are scaled first.
    ("power", make_pipeline(StandardScaler(), PowerTransformer())),
    ("quantile", QuantileTransformer(n_quantiles=50)),
    ("bins-ordinal", KBinsDiscretizer(5, encode="ordinal", quantile_method="averaged_inverted_cdf")),
    ("bins-one-hot", KBinsDiscretizer(5, encode="onehot-dense", quantile_method="averaged_inverted_cdf")),
    ("bins-uniform", KBinsDiscretizer(5, strategy="uniform", encode="ordinal")),
    ("bins-k-means", KBinsDiscretizer(5, strategy="kmeans", encode="ordinal")), ("function", FunctionTransformer()),
    ("pca-whiten", PCA(3, whiten=True)), ("incremental-pca", IncrementalPCA(3)),
    ("svd", TruncatedSVD(3, random_state=0)),
    ("kernel-pca-rbf", make_pipeline(StandardScaler(), KernelPCA(3, kernel="rbf"))),
    ("kernel-pca-poly", make_pipeline(StandardScaler(), KernelPCA(3, kernel="poly"))),
    ("random-projection", GaussianRandomProjection(4, random_state=0)),
    ("union", FeatureUnion([("pca", PCA(2)), ("scaled", StandardScaler())])),
    ("variance-threshold", VarianceThreshold(0.5)),
    ("select-k-best", SelectKBest(k=2)), ("select-percentile", SelectPercentile(percentile=50)),
    ("select-fpr", SelectFpr()), ("select-fdr", SelectFdr()), ("select-fwe", SelectFwe()),
    ("select-univariate", GenericUnivariateSelect(mode="k_best", param=2)),
    ("select-from-model", SelectFromModel(RandomForestClassifier(10, random_state=0))),
    ("rfe", RFE(LogisticRegression(max_iter=1000), n_features_to_select=2)),
    ("rfecv", RFECV(LogisticRegression(max_iter=1000), cv=2)),
]:
    add(f"{name}-logistic", then_logistic(step, StandardScaler(with_mean=False)), birds())
add("quantile-double", QuantileTransformer(n_quantiles=50), cancer().of_type("float64"))
add("polynomial-double", make_pipeline(StandardScaler(), PolynomialFeatures(3), LogisticRegression()),
    birds().of_type("float64"))
add("power-box-cox-logistic", then_logistic(StandardScaler(with_mean=False), PowerTransformer("box-cox")),
    cancer().positive())
add("pls", PLSRegression(3), diabetes())
add("pls-two-targets", PLSRegression(3), two_values())

for strategy in ["mean", "median", "most_frequent"]:
    add(f"imputer-{strategy}", then_logistic(SimpleImputer(strategy=strategy), StandardScaler()), cancer().with_gaps())
add("imputer-constant", then_logistic(SimpleImputer(strategy="constant", fill_value=3.5), StandardScaler()),
    cancer().with_gaps())
add("imputer-double", then_logistic(SimpleImputer(), StandardScaler()), cancer().of_type("float64").with_gaps())
add("imputer-knn", then_logistic(StandardScaler(), KNNImputer()), cancer().with_gaps(),
    manifest=nullable("classification", cancer()))

add("one-hot-frame", then_logistic(OneHotEncoder()), ISLANDS)
add("one-hot-strings", then_logistic(OneHotEncoder()), ISLANDS.of_matrix())
add("one-hot-drop-first", then_logistic(OneHotEncoder(drop="first")), ISLANDS.of_matrix())
add("one-hot-drop-binary", then_logistic(OneHotEncoder(drop="if_binary")), ISLANDS.of_matrix())
add("one-hot-ints", then_logistic(OneHotEncoder(handle_unknown="ignore")), digits().of_type("int64"))
add("ordinal-strings", then_logistic(OrdinalEncoder()), ISLANDS.of_matrix())
add("ordinal-unknown", then_logistic(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
    ISLANDS.of_matrix())
add("target-encoder", then_logistic(TargetEncoder(random_state=0)), ISLANDS.of_matrix().labelled_where("Gentoo"))
