"""Naive Bayes, Gaussian processes, mixtures, and networks."""

from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF, ConstantKernel, DotProduct, ExpSineSquared, Matern, RationalQuadratic, WhiteKernel,
)
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neural_network import MLPClassifier, MLPRegressor

from matrix.data import SPECIES, birds, cancer, diabetes, digits, two_values
from matrix.pipelines import Family, scaled

FAMILY = Family("probabilistic")
add = FAMILY.add

add("gaussian-nb", scaled(GaussianNB()), birds().labelled(SPECIES))
add("gaussian-nb-double", GaussianNB(), birds().of_type("float64"))
add("multinomial-nb", MultinomialNB(), digits())
add("multinomial-nb-int", MultinomialNB(), digits().of_type("int64"))
add("bernoulli-nb", BernoulliNB(binarize=7.5), digits())
add("complement-nb", ComplementNB(), digits())
add("categorical-nb", CategoricalNB(min_categories=17), digits().of_type("int64"))

add("gaussian-process", scaled(GaussianProcessClassifier(random_state=0)), cancer().of_type("float64"))
for name, kernel in [
    ("rbf", RBF(0.2)), ("sum", ConstantKernel(2.0) * RBF(0.2) + WhiteKernel(0.5)), ("matern", Matern(0.2, nu=1.5)),
    ("rational", RationalQuadratic()), ("dot", DotProduct()), ("periodic", ExpSineSquared()),
]:
    model = GaussianProcessRegressor(kernel, alpha=0.5, optimizer=None, normalize_y=True)
    add(f"gaussian-process-{name}", model, diabetes().of_type("float64"))
add("gaussian-process-float", GaussianProcessRegressor(RBF(0.2), alpha=0.5, optimizer=None, normalize_y=True),
    diabetes())

for covariance in ["full", "tied", "diag", "spherical"]:
    model = scaled(GaussianMixture(3, covariance_type=covariance, random_state=0))
    add(f"gaussian-mixture-{covariance}", model, birds())
add("bayesian-mixture", scaled(BayesianGaussianMixture(n_components=3, random_state=0)), birds())

add("mlp", scaled(MLPClassifier((16,), max_iter=300, random_state=0)), birds().labelled(SPECIES))
add("mlp-binary", scaled(MLPClassifier((16, 8), max_iter=300, random_state=0)), cancer())
add("mlp-double", scaled(MLPClassifier((16,), max_iter=300, random_state=0)), cancer().of_type("float64"))
add("mlp-logistic", scaled(MLPClassifier((16,), activation="logistic", max_iter=300, random_state=0)), birds())
add("mlp-tanh", scaled(MLPClassifier((16,), activation="tanh", max_iter=300, random_state=0)), birds())
add("mlp-regressor", scaled(MLPRegressor(hidden_layer_sizes=(16,), max_iter=300, random_state=0)), diabetes())
add("mlp-regressor-two-targets", scaled(MLPRegressor(hidden_layer_sizes=(16,), max_iter=300, random_state=0)),
    two_values())
add("mlp-regressor-two-targets-double", scaled(MLPRegressor(hidden_layer_sizes=(16,), max_iter=300, random_state=0)),
    two_values().of_type("float64"))
