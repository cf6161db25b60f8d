"""Models of distance: neighbours, clusters, and what lies far from all."""

from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.neighbors import (
    KNeighborsClassifier, KNeighborsRegressor, LocalOutlierFactor, NeighborhoodComponentsAnalysis,
    RadiusNeighborsClassifier, RadiusNeighborsRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from matrix.data import SPECIES, birds, cancer, diabetes, two_values
from matrix.pipelines import Family, scaled

FAMILY = Family("neighbours")
add = FAMILY.add

add("knn", scaled(KNeighborsClassifier()), birds())
add("knn-strings", scaled(KNeighborsClassifier(3)), birds().labelled(SPECIES))
add("knn-distance", scaled(KNeighborsClassifier(weights="distance")), cancer())
add("knn-manhattan", scaled(KNeighborsClassifier(metric="manhattan")), birds())
add("knn-minkowski", scaled(KNeighborsClassifier(p=3)), birds())
add("knn-double", scaled(KNeighborsClassifier()), birds().of_type("float64"))
add("knn-regressor", scaled(KNeighborsRegressor()), diabetes())
add("knn-regressor-distance", scaled(KNeighborsRegressor(weights="distance")), diabetes())
add("knn-regressor-two-targets", scaled(KNeighborsRegressor()), two_values())
add("knn-cdist", scaled(KNeighborsRegressor()), diabetes(), options={KNeighborsRegressor: {"optim": "cdist"}})
add("radius-neighbours", scaled(RadiusNeighborsClassifier(3.0)), birds())
add("radius-neighbours-regressor", scaled(RadiusNeighborsRegressor(4.0)), diabetes())
add("neighbourhood-components",
    make_pipeline(StandardScaler(), NeighborhoodComponentsAnalysis(2, random_state=0), KNeighborsClassifier()), birds())
add("k-means", scaled(KMeans(4, random_state=0)), birds())
add("k-means-double", scaled(KMeans(4, random_state=0)), birds().of_type("float64"))
add("mini-batch-k-means", scaled(MiniBatchKMeans(4, random_state=0)), birds())
add("local-outlier-factor", scaled(LocalOutlierFactor(novelty=True)), cancer())
