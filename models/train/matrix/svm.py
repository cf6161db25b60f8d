"""Support vector machines: every kernel, with probabilities and without."""

from sklearn.linear_model import SGDOneClassSVM
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from matrix.data import SPECIES, birds, cancer, diabetes
from matrix.pipelines import Family, scaled

FAMILY = Family("svm")
add = FAMILY.add

for kernel in ["linear", "poly", "rbf", "sigmoid"]:
    add(f"svc-{kernel}", scaled(SVC(kernel=kernel)), birds())
    add(f"svc-{kernel}-probability", scaled(SVC(kernel=kernel, probability=True, random_state=0)), birds())
    add(f"svr-{kernel}", scaled(SVR(kernel=kernel, C=10.0)), diabetes())
    add(f"one-class-{kernel}", scaled(OneClassSVM(kernel=kernel)), cancer())
add("svc-binary", scaled(SVC()), cancer())
add("svc-binary-probability", scaled(SVC(probability=True, random_state=0)), cancer())
add("svc-strings", scaled(SVC()), birds().labelled(SPECIES))
add("svc-strings-probability", scaled(SVC(probability=True, random_state=0)), birds().labelled(SPECIES))
add("svc-bools", scaled(SVC(probability=True, random_state=0)), cancer().labelled([False, True]))
add("svc-one-vs-one", scaled(SVC(decision_function_shape="ovo")), birds())
add("svc-double", scaled(SVC(probability=True, random_state=0)), cancer().of_type("float64"))
add("nu-svc", scaled(NuSVC(nu=0.2)), birds())
add("nu-svc-probability", scaled(NuSVC(nu=0.2, probability=True, random_state=0)), cancer())
add("nu-svr", scaled(NuSVR(C=10.0)), diabetes())
add("svr-double", scaled(SVR(C=10.0)), diabetes().of_type("float64"))
add("sgd-one-class", scaled(SGDOneClassSVM(random_state=0)), cancer())
