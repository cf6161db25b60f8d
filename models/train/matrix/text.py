"""Text: counts and TF-IDF, of words and of characters, alone and beside other columns."""

from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from matrix.data import text_table, texts
from matrix.pipelines import Family

FAMILY = Family("text")


#: ONNX Runtime lowers the case of text by the locale that the file names; that of the default is on few machines.
OPTIONS = {CountVectorizer: {"locale": "C"}, TfidfVectorizer: {"locale": "C"}}


def add(name, *steps, data=texts(), **how):
    FAMILY.add(name, make_pipeline(*steps), data, **{"options": OPTIONS, **how})


def logistic():
    return LogisticRegression(max_iter=500)


add("count", CountVectorizer(), logistic())
add("count-binary", CountVectorizer(binary=True), logistic())
add("count-bigrams", CountVectorizer(ngram_range=(1, 2)), MultinomialNB())
add("count-vocabulary", CountVectorizer(max_features=50), logistic())
add("count-cased", CountVectorizer(lowercase=False), logistic())
add("count-characters", CountVectorizer(analyzer="char", ngram_range=(1, 3)), logistic())
add("count-tfidf", CountVectorizer(), TfidfTransformer(), logistic())
add("tfidf", TfidfVectorizer(), logistic())
add("tfidf-l1", TfidfVectorizer(norm="l1"), logistic())
add("tfidf-no-idf", TfidfVectorizer(use_idf=False), logistic())
add("tfidf-sublinear", TfidfVectorizer(sublinear_tf=True), logistic())
add("tfidf-bigrams", TfidfVectorizer(ngram_range=(1, 2), min_df=2), logistic())
add("tfidf-trigrams-only", TfidfVectorizer(ngram_range=(3, 3)), logistic())
add("tfidf-stop-words", TfidfVectorizer(stop_words="english"), logistic())
add("tfidf-characters", TfidfVectorizer(analyzer="char", ngram_range=(2, 3)), logistic())
add("tfidf-words-of-letters", TfidfVectorizer(token_pattern="[a-zA-Z]+"), logistic())
add("tfidf-svc", TfidfVectorizer(), LinearSVC(), options=OPTIONS | {LinearSVC: {"nocl": False}})
add("tfidf-sgd", TfidfVectorizer(), SGDClassifier(loss="modified_huber", random_state=0))
add("tfidf-svd", TfidfVectorizer(), TruncatedSVD(10, random_state=0), logistic())
add("tfidf-alone", TfidfVectorizer(max_features=40))

def beside(vectorizer, **parameters):
    """A vectorizer for one column, and what becomes of the others."""
    return ColumnTransformer([
        ("sentence", vectorizer, "sentence"),
        ("numbers", StandardScaler(), ["length", "digits"]),
        ("opens", OneHotEncoder(), ["opens"]),
    ], **parameters)


add("text-table-tfidf", beside(TfidfVectorizer()), logistic(), data=text_table())
add("text-table-count", beside(CountVectorizer(max_features=100)), logistic(), data=text_table())
