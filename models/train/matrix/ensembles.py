"""Models made of models: bagging, voting, stacking, calibration, and several labels or numbers at once."""

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaggingClassifier, BaggingRegressor, RandomForestClassifier, StackingClassifier, StackingRegressor,
    VotingClassifier, VotingRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from matrix.data import SPECIES, birds, cancer, diabetes, two_labels, two_values
from matrix.pipelines import Family

FAMILY = Family("ensembles")
add = FAMILY.add


def logistic():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))


def tree():
    return DecisionTreeClassifier(max_depth=3, random_state=0)


CLASSIFIERS = [("linear", logistic()), ("tree", tree()), ("bayes", GaussianNB())]
REGRESSORS = [("linear", LinearRegression()), ("tree", DecisionTreeRegressor(max_depth=3, random_state=0))]

add("bagging", BaggingClassifier(tree(), random_state=0), birds().labelled(SPECIES))
add("bagging-features", BaggingClassifier(logistic(), max_features=0.5, random_state=0), cancer())
add("bagging-regressor", BaggingRegressor(DecisionTreeRegressor(max_depth=4), random_state=0), diabetes())
add("voting-soft", VotingClassifier(CLASSIFIERS, voting="soft", flatten_transform=False), birds())
add("voting-weights", VotingClassifier(
    CLASSIFIERS, voting="soft", flatten_transform=False, weights=np.array([1, 2, 3])), birds().labelled(SPECIES))
add("voting-regressor", VotingRegressor(REGRESSORS), diabetes())
add("stacking", StackingClassifier(CLASSIFIERS, LogisticRegression(max_iter=500)), birds().labelled(SPECIES))
add("stacking-binary", StackingClassifier(CLASSIFIERS, LogisticRegression(), passthrough=False), cancer())
add("stacking-regressor", StackingRegressor(REGRESSORS, Ridge()), diabetes())
add("calibrated-sigmoid", make_pipeline(StandardScaler(), CalibratedClassifierCV(LinearSVC(), cv=3)), birds())
add("calibrated-sigmoid-binary", CalibratedClassifierCV(tree(), cv=3), cancer())
add("calibrated-isotonic", CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=3), birds().labelled(SPECIES))
add("calibrated-isotonic-binary", CalibratedClassifierCV(tree(), method="isotonic", cv=3), cancer())
add("calibrated-forest", CalibratedClassifierCV(RandomForestClassifier(10, random_state=0), cv=2), cancer())
add("tuned-threshold", TunedThresholdClassifierCV(logistic(), cv=3), cancer())
add("grid-search", GridSearchCV(tree(), {"max_depth": [2, 3]}), birds())
add("one-vs-rest", OneVsRestClassifier(logistic()), birds().labelled(SPECIES))
add("one-vs-rest-svc", make_pipeline(StandardScaler(), OneVsRestClassifier(LinearSVC())), birds())
add("one-vs-one", OneVsOneClassifier(logistic()), birds())
add("one-vs-one-svc", make_pipeline(StandardScaler(), OneVsOneClassifier(LinearSVC())), birds())
add("multi-output-logistic", make_pipeline(StandardScaler(), MultiOutputClassifier(LogisticRegression())),
    two_labels(12.0, 15.0))
add("multi-output-trees", MultiOutputClassifier(tree()), two_labels(12.0, 15.0))
add("multi-output-strings", make_pipeline(StandardScaler(), MultiOutputClassifier(LogisticRegression())),
    two_labels(15.0).labelled(["no", "yes"]))
add("multi-output-bayes", MultiOutputClassifier(GaussianNB()), two_labels(12.0, 15.0))
add("multi-output-ridge", MultiOutputClassifier(RidgeClassifier()), two_labels(12.0, 15.0))
add("multi-output-regressor", MultiOutputRegressor(Ridge()), two_values())
