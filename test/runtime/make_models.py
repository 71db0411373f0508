"""Makes one small model of each kind in the folder given, for answers.test.ts and pickles.test.ts."""

import sys
from pathlib import Path

import joblib
import numpy
import pandas
import spacy
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from spacy.training import Example

TEXTS = ["a great film", "great fun", "an awful film", "awful and dull", "what great fun", "so dull"] * 5
LABELS = ["good", "good", "bad", "bad", "good", "bad"] * 5


def tables():
    random = numpy.random.default_rng(3)
    people = pandas.DataFrame(
        {
            "age": random.integers(18, 80, 60).astype(float),
            "income": random.normal(30000, 8000, 60),
            "city": random.choice(["Oslo", "Lima", "Rome"], 60),
        }
    )
    return people, (people["age"] > 45).map({True: "old", False: "young"}), people["income"] / 1000 + people["age"]


def estimators():
    people, group, worth = tables()
    numbers = people[["age", "income"]]
    rows = numbers.to_numpy()
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income"]),
            ("city", OneHotEncoder(), ["city"]),
        ]
    )
    both = numpy.column_stack((worth, worth * 2))
    tags = numpy.array([[label == "good", "film" in text] for text, label in zip(TEXTS, LABELS)]).astype(int)
    return {
        "text": make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS),
        "text-svc": make_pipeline(CountVectorizer(), LinearSVC()).fit(TEXTS, LABELS),
        "text-tags": make_pipeline(TfidfVectorizer(), OneVsRestClassifier(LogisticRegression())).fit(TEXTS, tags),
        "text-search": GridSearchCV(make_pipeline(TfidfVectorizer(), LogisticRegression()), {}).fit(TEXTS, LABELS),
        "columns": make_pipeline(columns, LogisticRegression()).fit(people, group),
        "columns-regression": make_pipeline(columns, Ridge()).fit(people, worth),
        "named-forest": RandomForestClassifier(8, random_state=1).fit(numbers, group),
        "rows-integers": RandomForestClassifier(8, random_state=1).fit(rows, (group == "old").astype(int)),
        "rows-tied": tied(rows, group),
        "rows-booleans": SVC().fit(rows, group == "old"),
        "regression": LinearRegression().fit(rows, worth),
        "regression-two": LinearRegression().fit(rows, both),
        "clusters": KMeans(3, random_state=1).fit(rows),
        "mixture": make_pipeline(StandardScaler(), GaussianMixture(3, random_state=1)).fit(rows),
        "log-rows": make_pipeline(FunctionTransformer(numpy.log1p), LinearRegression()).fit(rows, worth),
        "log-columns": make_pipeline(
            ColumnTransformer([("log", FunctionTransformer(numpy.sqrt), [1]), ("same", StandardScaler(), [0])]),
            LinearRegression(),
        ).fit(rows, worth),
        "outliers": IsolationForest(n_estimators=10, random_state=1).fit(rows),
        "scaler": StandardScaler().fit(rows),
    }


def tied(rows, group):
    """Its probabilities are both 0.5, and yet it predicts the second class."""
    model = LogisticRegression().fit(rows, group)
    model.coef_ = numpy.full_like(model.coef_, 1e-30)
    model.intercept_ = numpy.zeros(1)
    return model


def pipeline():
    """A pipeline with every part; what it learned does not matter, only that it always says the same."""
    nlp = spacy.blank("en")
    for name in ("tagger", "parser", "ner", "textcat", "spancat"):
        nlp.add_pipe(name)
    words = ["Ada", "lives", "in", "Oslo"]
    doc = spacy.tokens.Doc(nlp.vocab, words=words)
    annotations = {
        "words": words,
        "tags": ["NNP", "VBZ", "IN", "NNP"],
        "heads": [1, 1, 1, 2],
        "deps": ["nsubj", "ROOT", "prep", "pobj"],
        "entities": ["U-PERSON", "O", "O", "U-PLACE"],
        "cats": {"travel": 1.0, "home": 0.0},
        "spans": {"sc": [(0, 3, "PERSON")]},
    }
    spacy.util.fix_random_seed(1)
    example = Example.from_dict(doc, annotations)
    optimizer = nlp.initialize(lambda: [example] * 40)  # labels below 30 examples are dropped
    for _ in range(10):
        nlp.update([example], sgd=optimizer)
    nlp.add_pipe("entity_ruler", before="ner").add_patterns([{"label": "PLACE", "pattern": "Oslo", "id": "oslo"}])
    return nlp


def sorting(kind):
    """A pipeline that sorts texts only: by `textcat`, or by `textcat_multilabel`."""
    nlp = spacy.blank("en")
    nlp.add_pipe(kind)
    doc = nlp.make_doc("Ada lives in Oslo")
    example = Example.from_dict(doc, {"cats": {"travel": 1.0, "home": 0.0}})
    nlp.initialize(lambda: [example])
    return nlp


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, estimator in estimators().items():
        joblib.dump(estimator, folder / (name + ".joblib"))
    pipeline().to_disk(folder / "pipeline")
    spacy.blank("de").to_disk(folder / "blank")
    for kind in ("textcat", "textcat_multilabel"):
        sorting(kind).to_disk(folder / kind)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
