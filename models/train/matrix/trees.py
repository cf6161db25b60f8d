"""Trees, forests, and scikit-learn's boosting."""

from sklearn.ensemble import (
    AdaBoostClassifier, AdaBoostRegressor, ExtraTreesClassifier, ExtraTreesRegressor, GradientBoostingClassifier,
    GradientBoostingRegressor, HistGradientBoostingClassifier, HistGradientBoostingRegressor, IsolationForest,
    RandomForestClassifier, RandomForestRegressor, RandomTreesEmbedding,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from matrix import export
from matrix.data import SPECIES, birds, cancer, diabetes, two_labels, two_values
from matrix.pipelines import Family, nullable

FAMILY = Family("trees")
add = FAMILY.add
MANY = {"n_estimators": 50, "random_state": 0}

add("tree", DecisionTreeClassifier(random_state=0), birds())
add("tree-strings", DecisionTreeClassifier(random_state=0), birds().labelled(SPECIES))
add("tree-bools", DecisionTreeClassifier(random_state=0), cancer().labelled([False, True]))
add("tree-missing", DecisionTreeClassifier(random_state=0, max_depth=5), cancer().with_gaps(),
    manifest=nullable("classification", cancer()))
add("tree-two-labels", DecisionTreeClassifier(random_state=0, max_depth=5), two_labels(13.0))
add("extra-tree", ExtraTreeClassifier(random_state=0), birds())
add("tree-regressor", DecisionTreeRegressor(random_state=0), diabetes())
add("tree-regressor-double", DecisionTreeRegressor(random_state=0), diabetes().of_type("float64"))
add("tree-regressor-two-targets", DecisionTreeRegressor(random_state=0), two_values())
add("extra-tree-regressor", ExtraTreeRegressor(random_state=0), diabetes())

add("forest-binary", RandomForestClassifier(**MANY), cancer())
add("forest", RandomForestClassifier(**MANY), birds())
add("forest-strings", RandomForestClassifier(**MANY), birds().labelled(SPECIES))
add("forest-bools", RandomForestClassifier(**MANY), cancer().labelled([False, True]))
add("forest-double", RandomForestClassifier(**MANY), cancer().of_type("float64"))
add("forest-int", RandomForestClassifier(**MANY), birds().of_type("int64"))
add("forest-missing", RandomForestClassifier(**MANY), cancer().with_gaps(),
    manifest=nullable("classification", cancer()))
add("forest-regressor", RandomForestRegressor(**MANY), diabetes())
add("forest-regressor-two-targets", RandomForestRegressor(**MANY), two_values())
add("extra-trees", ExtraTreesClassifier(**MANY), birds())
add("extra-trees-regressor", ExtraTreesRegressor(**MANY), diabetes())
add("isolation-forest", IsolationForest(**MANY), cancer(), export=export.scikit_learn_opset_17)
add("trees-embedding", make_pipeline(
    RandomTreesEmbedding(n_estimators=10, sparse_output=False, random_state=0), LogisticRegression()), birds())

add("gradient-boosting-binary", GradientBoostingClassifier(**MANY), cancer())
add("gradient-boosting", GradientBoostingClassifier(**MANY), birds().labelled(SPECIES))
add("gradient-boosting-init-zero", GradientBoostingClassifier(init="zero", **MANY), birds())
add("gradient-boosting-exponential", GradientBoostingClassifier(loss="exponential", **MANY), cancer())
add("gradient-boosting-double", GradientBoostingClassifier(**MANY), cancer().of_type("float64"))
add("gradient-boosting-regressor", GradientBoostingRegressor(**MANY), diabetes())
add("gradient-boosting-quantile", GradientBoostingRegressor(loss="quantile", alpha=0.9, **MANY), diabetes())
add("hist-boosting-binary", HistGradientBoostingClassifier(max_iter=30, random_state=0), cancer())
add("hist-boosting", HistGradientBoostingClassifier(max_iter=30, random_state=0), birds())
add("hist-boosting-strings", HistGradientBoostingClassifier(max_iter=30, random_state=0), birds().labelled(SPECIES))
add("hist-boosting-missing", HistGradientBoostingClassifier(max_iter=30, random_state=0), cancer().with_gaps())
add("hist-boosting-regressor", HistGradientBoostingRegressor(max_iter=30, random_state=0), diabetes())
add("hist-boosting-regressor-missing", HistGradientBoostingRegressor(max_iter=30, random_state=0),
    diabetes().with_gaps())
add("hist-boosting-poisson", HistGradientBoostingRegressor(loss="poisson", max_iter=30, random_state=0), diabetes())
add("hist-boosting-categories",
    HistGradientBoostingRegressor(max_iter=30, categorical_features=[1], random_state=0), diabetes())
add("ada-boost", AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=10, random_state=0), birds())
add("ada-boost-binary", AdaBoostClassifier(n_estimators=10, random_state=0), cancer())
add("ada-boost-regressor", AdaBoostRegressor(n_estimators=10, random_state=0), diabetes())
