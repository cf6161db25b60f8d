"""Linear models, and discriminants, which export as such."""

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.linear_model import (
    ARDRegression, BayesianRidge, ElasticNet, ElasticNetCV, GammaRegressor, HuberRegressor, Lars, Lasso, LassoCV,
    LassoLars, LinearRegression, LogisticRegression, LogisticRegressionCV, MultiTaskLasso, OrthogonalMatchingPursuit,
    PassiveAggressiveClassifier, PassiveAggressiveRegressor, Perceptron, PoissonRegressor, QuantileRegressor,
    RANSACRegressor, Ridge, RidgeClassifier, RidgeCV, SGDClassifier, SGDRegressor, TheilSenRegressor, TweedieRegressor,
)
from sklearn.svm import LinearSVC, LinearSVR

from matrix.data import SPECIES, birds, cancer, diabetes, two_values
from matrix.pipelines import Family, scaled

FAMILY = Family("linear")
add = FAMILY.add

#: An option for models that have none named "zipmap", which skl2onnx 1.20 else passes to them and then refuses.
PLAIN = {"nocl": False}


def logistic(**parameters):
    return scaled(LogisticRegression(max_iter=500, **parameters))


add("logistic-binary", logistic(), cancer())
add("logistic-multinomial", logistic(), birds())
add("logistic-strings", logistic(), birds().labelled(SPECIES))
add("logistic-two-strings", logistic(), cancer().labelled(["malignant", "benign"]))
add("logistic-bools", logistic(), cancer().labelled([False, True]))
add("logistic-10-20", logistic(), cancer().labelled([10, 20]))
add("logistic-double", logistic(), birds().of_type("float64"))
add("logistic-double-binary", logistic(), cancer().of_type("float64"))
add("logistic-int", logistic(), birds().of_type("int64"))
add("logistic-l1", logistic(solver="liblinear", l1_ratio=1), cancer())
add("logistic-cv", scaled(LogisticRegressionCV(cv=3, max_iter=500, l1_ratios=(0,), use_legacy_attributes=False)),
    birds())
add("logistic-no-zipmap", logistic(), birds().labelled(SPECIES), options={"zipmap": False})
add("logistic-zipmap-columns", logistic(), birds().labelled(SPECIES), options={"zipmap": "columns"})
add("logistic-zipmap-columns-ints", logistic(), cancer(), options={"zipmap": "columns"})
add("sgd-log-loss", scaled(SGDClassifier(loss="log_loss", random_state=0)), birds())
add("sgd-modified-huber", scaled(SGDClassifier(loss="modified_huber", random_state=0)), birds())
add("sgd-hinge", scaled(SGDClassifier(random_state=0)), birds())
add("perceptron", scaled(Perceptron(random_state=0)), birds())
add("passive-aggressive", scaled(PassiveAggressiveClassifier(random_state=0)), cancer())
add("ridge-classifier", scaled(RidgeClassifier()), birds().labelled(SPECIES))
add("linear-svc", scaled(LinearSVC()), cancer(), options=PLAIN)
add("linear-svc-strings", scaled(LinearSVC()), birds().labelled(SPECIES), options=PLAIN)
add("linear-svc-bare", LinearSVC(), birds())
add("lda", LinearDiscriminantAnalysis(), birds())
add("lda-binary", LinearDiscriminantAnalysis(), cancer())
add("qda", scaled(QuadraticDiscriminantAnalysis()), birds())

add("linear-regression", LinearRegression(), diabetes())
add("linear-regression-double", LinearRegression(), diabetes().of_type("float64"))
add("linear-regression-two-targets", LinearRegression(), two_values())
add("ridge", Ridge(), diabetes())
add("ridge-cv", RidgeCV(), diabetes())
add("lasso", Lasso(0.1), diabetes())
add("lasso-cv", LassoCV(cv=3), diabetes())
add("lasso-lars", LassoLars(0.1), diabetes())
add("lars", Lars(n_nonzero_coefs=5), diabetes())
add("multi-task-lasso", MultiTaskLasso(0.1), two_values())
add("elastic-net", ElasticNet(0.01), diabetes())
add("elastic-net-cv", ElasticNetCV(cv=3), diabetes())
add("matching-pursuit", OrthogonalMatchingPursuit(), diabetes())
add("sgd-regressor", SGDRegressor(random_state=0), diabetes())
add("passive-aggressive-regressor", PassiveAggressiveRegressor(random_state=0), diabetes())
add("poisson", PoissonRegressor(), diabetes())
add("gamma", GammaRegressor(), diabetes())
add("tweedie", TweedieRegressor(power=1.5), diabetes())
add("huber", HuberRegressor(), diabetes())
add("quantile", QuantileRegressor(alpha=0.01), diabetes())
add("bayesian-ridge", BayesianRidge(), diabetes())
add("ard", ARDRegression(), diabetes())
add("theil-sen", TheilSenRegressor(random_state=0, max_subpopulation=500), diabetes())
add("ransac", RANSACRegressor(random_state=0), diabetes())
add("linear-svr", LinearSVR(C=10.0), diabetes())
