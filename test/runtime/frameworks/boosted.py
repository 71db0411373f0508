"""Boosted trees and their wrappers: makes models in the folder given, and prints what they answer when called directly.

The output is a JSON object of cases by name: `framework`, `path`, `inputs`, and `expected`, one result for each input.
"""

import json
import sys
from pathlib import Path

import joblib
import lightgbm
import numpy
import pandas
import xgboost
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDER = Path(sys.argv[1])
RANDOM = numpy.random.default_rng(5)
POINTS = pandas.DataFrame(RANDOM.normal(size=(120, 3)), columns=["width", "height", "depth"])
KINDS = (POINTS["width"] > 0.4).astype(int) + (POINTS["height"] > 0).astype(int)
SIDES = (POINTS["width"] > 0).astype(int)
SIZES = POINTS["width"] * 2 + POINTS["depth"]
ROWS = [[0.5, -1.0, 0.25], [None, 2.0, 1e3], [-1, 0, None]]
TABLE = pandas.DataFrame(ROWS, columns=POINTS.columns, dtype=float)
CASES = {}


def case(name, framework, path, expected, inputs=ROWS):
    CASES[name] = {"framework": framework, "path": str(path), "inputs": inputs, "expected": expected}


def classes(labels, scores, kind="probability", names=None):
    names = names or list(range(len(scores[0])))
    return [
        {"label": label, "scores": [{"label": n, "score": s} for n, s in zip(names, row)], "scoreKind": kind}
        for label, row in zip(numpy.asarray(labels).tolist(), numpy.asarray(scores).tolist())
    ]


def numbers(values, name="value"):
    return [{name: value} for value in numpy.asarray(values, dtype=float).ravel().tolist()]


def by_name(rows):
    return [dict(zip(POINTS.columns, row)) for row in rows]


def native_xgboost():
    wrapper = xgboost.XGBClassifier(n_estimators=6, max_depth=3).fit(POINTS, KINDS)
    wrapper.save_model(FOLDER / "several.ubj")
    expected = classes(wrapper.predict(TABLE), wrapper.predict_proba(TABLE))
    case("xgboost, several classes by name", "xgboost", FOLDER / "several.ubj", expected, by_name(ROWS))
    case("xgboost, several classes by position", "xgboost", FOLDER / "several.ubj", expected)

    wrapper = xgboost.XGBClassifier(n_estimators=40, max_depth=3, early_stopping_rounds=2)
    wrapper.fit(POINTS[:80], SIDES[:80], eval_set=[(POINTS[80:], 1 - SIDES[80:])], verbose=False)
    wrapper.save_model(FOLDER / "stopped.json")
    assert wrapper.best_iteration < 38
    case(
        "xgboost, stopped early",
        "xgboost",
        FOLDER / "stopped.json",
        classes(wrapper.predict(TABLE), wrapper.predict_proba(TABLE)),
    )

    data, asked = xgboost.DMatrix(POINTS.to_numpy(), KINDS), xgboost.DMatrix(TABLE.to_numpy())
    for objective in ("multi:softmax", "multi:softprob"):
        booster = xgboost.train({"objective": objective, "num_class": 3}, data, 4)
        file = FOLDER / (objective.replace(":", "-") + ".json")
        booster.save_model(file)
        margins = numpy.exp(booster.predict(asked, output_margin=True))
        scores = margins / margins.sum(axis=1, keepdims=True)
        labels = scores.argmax(axis=1)
        if objective == "multi:softmax":
            assert labels.tolist() == booster.predict(asked).tolist()
        case("xgboost, " + objective, "xgboost", file, classes(labels, scores))

    data = xgboost.DMatrix(POINTS.to_numpy(), SIDES)
    for objective in ("binary:logistic", "binary:logitraw", "binary:hinge"):
        booster = xgboost.train({"objective": objective}, data, 4)
        file = FOLDER / (objective.replace(":", "-") + ".ubj")
        booster.save_model(file)
        found = booster.predict(asked)
        if objective == "binary:hinge":
            expected = [{"label": int(value)} for value in found]
        elif objective == "binary:logistic":
            expected = classes((found > 0.5).astype(int), numpy.column_stack((1 - found, found)))
        else:
            expected = classes((found > 0).astype(int), numpy.column_stack((-found, found)), "decision")
        case("xgboost, " + objective, "xgboost", file, expected)

    for objective, label in (("reg:squarederror", SIZES), ("count:poisson", KINDS)):
        booster = xgboost.train({"objective": objective}, xgboost.DMatrix(POINTS.to_numpy(), label), 4)
        file = FOLDER / (objective.replace(":", "-") + ".ubj")
        booster.save_model(file)
        case("xgboost, " + objective, "xgboost", file, numbers(booster.predict(asked)))

    both = xgboost.XGBRegressor(n_estimators=4).fit(POINTS.to_numpy(), numpy.column_stack((SIZES, SIZES * 2)))
    both.save_model(FOLDER / "both.ubj")
    expected = [{"values": {"y0": row[0], "y1": row[1]}} for row in both.predict(TABLE.to_numpy()).tolist()]
    case("xgboost, two numbers", "xgboost", FOLDER / "both.ubj", expected)

    tags = numpy.column_stack((SIDES, POINTS["height"] > 0, POINTS["depth"] > 1)).astype(int)
    wrapper = xgboost.XGBClassifier(n_estimators=4).fit(POINTS, tags)
    wrapper.save_model(FOLDER / "tags.ubj")
    expected = [
        {
            "labels": [index for index, on in enumerate(chosen) if on],
            "scores": [{"label": index, "score": score} for index, score in enumerate(row)],
            "scoreKind": "probability",
        }
        for chosen, row in zip(wrapper.predict(TABLE).tolist(), wrapper.predict_proba(TABLE).tolist())
    ]
    assert any(len(one["labels"]) > 1 for one in expected)
    case("xgboost, several labels at once", "xgboost", FOLDER / "tags.ubj", expected)

    towns = pandas.Categorical(RANDOM.choice(["Oslo", "Lima", "Rome"], 120))
    rooms = pandas.Categorical(RANDOM.choice([10, 20, 30], 120))
    people = pandas.DataFrame({"town": towns, "age": RANDOM.normal(40, 9, 120), "rooms": rooms})
    worth = people["age"] + (people["town"] == "Rome") * 30 + people["rooms"].astype(int)
    wrapper = xgboost.XGBRegressor(n_estimators=9, enable_categorical=True).fit(people, worth)
    wrapper.save_model(FOLDER / "people.ubj")
    asked = [{"town": "Rome", "age": 40, "rooms": 30}, {"town": "Oslo", "age": 40, "rooms": 10}]
    table = pandas.DataFrame(asked).astype({"age": float})
    table["town"] = pandas.Categorical(table["town"], categories=towns.categories)
    table["rooms"] = pandas.Categorical(table["rooms"], categories=rooms.categories)
    case("xgboost, categories", "xgboost", FOLDER / "people.ubj", numbers(wrapper.predict(table)), asked)

    # A model that was saved before 3.1 has no names of its categories: then their numbers are taken.
    booster = xgboost.train(
        {"objective": "reg:squarederror"},
        xgboost.DMatrix(numpy.column_stack((towns.codes, people["age"])), worth, feature_types=["c", "float"], enable_categorical=True),
        4,
    )
    booster.save_model(FOLDER / "codes.ubj")
    asked = xgboost.DMatrix(numpy.array([[0, 40], [2, 40]]), feature_types=["c", "float"], enable_categorical=True)
    case("xgboost, numbers of categories", "xgboost", FOLDER / "codes.ubj", numbers(booster.predict(asked)), [[0, 40], [2, 40]])

    ranker = xgboost.XGBRanker(n_estimators=4).fit(POINTS, KINDS, group=[60, 60])
    ranker.save_model(FOLDER / "ranker.json")
    expected = numbers(ranker.get_booster().predict(xgboost.DMatrix(TABLE)), "score")
    case("xgboost, ranking", "xgboost", FOLDER / "ranker.json", expected)


def native_lightgbm():
    settings = {"n_estimators": 6, "verbose": -1, "min_child_samples": 5}
    wrapper = lightgbm.LGBMClassifier(**settings).fit(POINTS, KINDS)
    wrapper.booster_.save_model(FOLDER / "several.txt")
    expected = classes(wrapper.predict(TABLE), wrapper.predict_proba(TABLE))
    case("lightgbm, several classes by name", "lightgbm", FOLDER / "several.txt", expected, by_name(ROWS))
    case("lightgbm, several classes by position", "lightgbm", FOLDER / "several.txt", expected)

    wrapper = lightgbm.LGBMClassifier(**settings).fit(POINTS.to_numpy(), SIDES)
    wrapper.booster_.save_model(FOLDER / "sides.txt")
    expected = classes(wrapper.predict(TABLE.to_numpy()), wrapper.predict_proba(TABLE.to_numpy()))
    case("lightgbm, two classes", "lightgbm", FOLDER / "sides.txt", expected)

    wrapper = lightgbm.LGBMRegressor(**settings).fit(POINTS, SIZES)
    wrapper.booster_.save_model(FOLDER / "sizes.txt")
    case("lightgbm, a number", "lightgbm", FOLDER / "sizes.txt", numbers(wrapper.predict(TABLE)))

    wrapper = lightgbm.LGBMRanker(**settings).fit(POINTS, KINDS, group=[60, 60])
    wrapper.booster_.save_model(FOLDER / "ranker.txt")
    case("lightgbm, ranking", "lightgbm", FOLDER / "ranker.txt", numbers(wrapper.predict(TABLE), "score"))

    towns = pandas.Categorical(RANDOM.choice(["Oslo", "Lima", "Rome"], 120))
    people = pandas.DataFrame({"town": towns, "age": RANDOM.normal(40, 9, 120)})
    worth = people["age"] + (people["town"] == "Lima") * 30
    wrapper = lightgbm.LGBMRegressor(**settings).fit(people, worth)
    wrapper.booster_.save_model(FOLDER / "people.txt")
    asked = [{"town": "Lima", "age": 40}, {"town": "Oslo", "age": 40}, {"town": "Nowhere", "age": None}]
    table = pandas.DataFrame(asked).astype({"town": "category", "age": float})
    case("lightgbm, categories", "lightgbm", FOLDER / "people.txt", numbers(wrapper.predict(table)), asked)
    joblib.dump(wrapper, FOLDER / "people.joblib")
    case("wrapper of lightgbm, categories", "sklearn", FOLDER / "people.joblib", numbers(wrapper.predict(table)), asked)


def wrappers():
    names = ["large", "middle", "small"]
    for module, kind in ((xgboost, "XGB"), (lightgbm, "LGBM")):
        title = "wrapper of " + module.__name__
        labels = KINDS if kind == "XGB" else KINDS.map(dict(enumerate(names)))
        settings = {"n_estimators": 5, "verbosity": 0} if kind == "XGB" else {"n_estimators": 5, "verbose": -1}
        classifier = getattr(module, kind + "Classifier")(**settings).fit(POINTS, labels)
        file = FOLDER / (kind + ".joblib")
        joblib.dump(classifier, file)
        expected = classes(
            classifier.predict(TABLE),
            classifier.predict_proba(TABLE),
            names=classifier.classes_.tolist(),
        )
        case(title + ", by name", "sklearn", file, expected, by_name(ROWS))
        piped = make_pipeline(StandardScaler(), getattr(module, kind + "Regressor")(**settings))
        piped.fit(POINTS.to_numpy(), SIZES)
        file = FOLDER / (kind + "-piped.joblib")
        joblib.dump(piped, file)
        case(title + ", in a pipeline", "sklearn", file, numbers(piped.predict(TABLE.to_numpy())))
        ranker = getattr(module, kind + "Ranker")(**settings).fit(POINTS.to_numpy(), KINDS, group=[60, 60])
        file = FOLDER / (kind + "-ranker.joblib")
        joblib.dump(ranker, file)
        case(title + ", ranking", "sklearn", file, numbers(ranker.predict(TABLE.to_numpy()), "score"))


FOLDER.mkdir(parents=True, exist_ok=True)
native_xgboost()
native_lightgbm()
wrappers()
print(json.dumps(CASES))
