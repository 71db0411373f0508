"""Estimators of scikit-learn of every kind: makes them in the folder given, and prints what they answer directly.

The output is as that of boosted.py.
"""

import json
import sys
from pathlib import Path

import joblib
import numpy
import pandas
import skops.io
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest, RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KernelDensity, LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, OneClassSVM

FOLDER = Path(sys.argv[1])
RANDOM = numpy.random.default_rng(5)
POINTS = RANDOM.normal(size=(90, 3))
KINDS = numpy.array(["left", "middle", "right"])[(POINTS[:, 0] > 0.4).astype(int) + (POINTS[:, 1] > 0)]
ROWS = [[0.5, -1.0, 0.25], [1.5, 2.0, 9], [-1, 0, 0.5]]
PEOPLE = pandas.DataFrame({"age": POINTS[:, 0] * 9 + 40, "town": RANDOM.choice(["Oslo", "Lima"], 90)})
ASKED = [{"age": 41, "town": "Oslo"}, {"age": None, "town": "Lima"}]
CASES = {}


def case(name, estimator, answer, inputs=ROWS, by="joblib"):
    file = FOLDER / (name.replace(" ", "-") + "." + by)
    if by == "skops":
        skops.io.dump(estimator, file)
    else:
        joblib.dump(estimator, file)
    expected = answer(estimator, pandas.DataFrame(inputs) if isinstance(inputs[0], dict) else inputs)
    CASES[name] = {"framework": "sklearn", "path": str(file), "inputs": inputs, "expected": expected}


def scored(names, row):
    return [{"label": name, "score": score} for name, score in zip(numpy.asarray(names).tolist(), row)]


def classes(estimator, data):
    labels, rows = estimator.predict(data).tolist(), estimator.predict_proba(data).tolist()
    return [
        {"label": label, "scores": scored(estimator.classes_, row), "scoreKind": "probability"}
        for label, row in zip(labels, rows)
    ]


def decisions(estimator, data):
    labels, rows = estimator.predict(data).tolist(), estimator.decision_function(data).tolist()
    return [
        {"label": label, "scores": scored(estimator.classes_, row), "scoreKind": "decision"}
        for label, row in zip(labels, rows)
    ]


def outputs(estimator, data):
    labels = estimator.predict(data).tolist()
    rows = [one.tolist() for one in estimator.predict_proba(data)]
    return [
        {
            "labels": own,
            "outputs": [
                {"label": label, "scores": scored(estimator.classes_[k], rows[k][i]), "scoreKind": "probability"}
                for k, label in enumerate(own)
            ],
        }
        for i, own in enumerate(labels)
    ]


def clusters(estimator, data):
    pairs = zip(estimator.predict(data).tolist(), estimator.transform(data).tolist())
    return [{"cluster": cluster, "distances": distances} for cluster, distances in pairs]


def mixtures(estimator, data):
    pairs = zip(estimator.predict(data).tolist(), estimator.predict_proba(data).tolist())
    return [
        {"cluster": cluster, "scores": scored(range(len(row)), row), "scoreKind": "probability"} for cluster, row in pairs
    ]


def outliers(estimator, data):
    pairs = zip(estimator.predict(data).tolist(), estimator.decision_function(data).tolist())
    return [{"outlier": sign < 0, "score": score} for sign, score in pairs]


def vectors(estimator, data):
    found = estimator.transform(data)
    return [{"vector": row} for row in (found.toarray() if hasattr(found, "toarray") else found).tolist()]


def several(estimator, data):
    return [{"values": {"y0": row[0], "y1": row[1]}} for row in estimator.predict(data).tolist()]


def densities(estimator, data):
    return [{"density": density} for density in estimator.score_samples(data).tolist()]


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    forest = RandomForestClassifier(5, random_state=1)
    pair = numpy.column_stack((KINDS, numpy.where(POINTS[:, 2] > 0, "up", "down")))
    columns = ColumnTransformer(
        [("age", make_pipeline(SimpleImputer(), StandardScaler()), ["age"]), ("town", OneHotEncoder(), ["town"])]
    )
    texts = ["good film", "bad film", "good fun", "bad day"] * 4
    case("skops forest", make_pipeline(StandardScaler(), forest).fit(POINTS, KINDS), classes, by="skops")
    case("skops columns", make_pipeline(columns, LogisticRegression()).fit(PEOPLE, KINDS), classes, ASKED, "skops")
    words = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, ["yes", "no"] * 8)
    case("skops texts", words, classes, ["good", "bad bad", ""], "skops")
    case("decisions", SVC(decision_function_shape="ovr").fit(POINTS, KINDS), decisions)
    case("several outputs", RandomForestClassifier(5, random_state=1).fit(POINTS, pair), outputs)
    case("several outputs, one model each", MultiOutputClassifier(LogisticRegression()).fit(POINTS, pair), outputs)
    case("several numbers", RandomForestRegressor(4, random_state=1).fit(POINTS, POINTS[:, :2]), several)
    case("clusters", KMeans(3, random_state=1).fit(POINTS), clusters)
    case("clusters in a pipeline", make_pipeline(StandardScaler(), MiniBatchKMeans(3)).fit(POINTS), clusters)
    case("mixture", GaussianMixture(2, random_state=1).fit(POINTS), mixtures)
    case("mixture in a pipeline", make_pipeline(StandardScaler(), GaussianMixture(2)).fit(POINTS), mixtures)
    case("isolation forest", IsolationForest(n_estimators=9, random_state=1).fit(POINTS), outliers)
    case("local outliers", LocalOutlierFactor(novelty=True).fit(POINTS), outliers)
    case("one class", make_pipeline(StandardScaler(), OneClassSVM()).fit(POINTS), outliers)
    case("principal components", make_pipeline(StandardScaler(), PCA(2)).fit(POINTS), vectors)
    case("columns to vectors", columns.fit(PEOPLE), vectors, ASKED)
    case("words to vectors", TfidfVectorizer().fit(texts), vectors, ["good day", ""])
    case("density", KernelDensity().fit(POINTS), densities)
    print(json.dumps(CASES))


main()
