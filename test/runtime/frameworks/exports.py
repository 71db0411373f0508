"""ONNX models of every kind: exports them into the folder given, and prints what ONNX Runtime and the original answer.

The output is as that of boosted.py; `near` is the difference that a conversion to float32 makes, 1e-6 where it is absent.
"""

import json
import os
import sys
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.simplefilter("ignore")

import numpy
import onnx
import onnxmltools
import onnxruntime
import pandas
from lightgbm import LGBMClassifier
from onnx import TensorProto, helper
from onnxmltools.convert.common.data_types import FloatTensorType as ToolsFloats
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.cluster import KMeans
from sklearn.cross_decomposition import PLSRegression
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from xgboost import XGBClassifier, XGBRegressor

FOLDER = Path(sys.argv[1])
RANDOM = numpy.random.default_rng(5)
POINTS = RANDOM.normal(size=(90, 3)).astype("float32")
NUMBERS = (POINTS[:, 0] > 0.4).astype(int) + (POINTS[:, 1] > 0)
KINDS = numpy.array(["left", "middle", "right"])[NUMBERS]
ROWS = [[0.5, -1.0, 0.25], [1.5, 2.0, 9], [-1, 0, 0.5]]
ARRAY = numpy.array(ROWS, dtype="float32")
TEXTS = ["good film", "bad film", "good fun", "bad day"] * 5
CASES = {}


def case(name, model, expected, inputs=ROWS, near=1e-6):
    file = FOLDER / (name.replace(" ", "-").replace(",", "") + ".onnx")
    onnx.save(model, str(file))
    CASES[name] = {"framework": "onnx", "path": str(file), "inputs": inputs, "expected": expected, "near": near}
    return file


def run(model, feed):
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, feed)


def floats(columns=3):
    return [("points", FloatTensorType([None, columns]))]


def classes(labels, rows, names, kind="probability"):
    return [
        {"label": label, "scores": [{"label": n, "score": s} for n, s in zip(names, row)], "scoreKind": kind}
        for label, row in zip(numpy.asarray(labels).tolist(), numpy.asarray(rows).tolist())
    ]


def classifiers():
    for title, options in (("with a map of scores", None), ("with rows of scores", {"zipmap": False})):
        for labels in (KINDS, NUMBERS * 2 + 1):
            estimator = RandomForestClassifier(4, random_state=1).fit(POINTS, labels)
            model = to_onnx(estimator, initial_types=floats(), options={id(estimator): options or {}})
            found, rows = run(model, {"points": ARRAY})
            rows = [list(row.values()) for row in rows] if isinstance(rows, list) else rows
            case("%s, %s" % (labels.dtype.kind, title), model, classes(found, rows, estimator.classes_.tolist()))
    estimator = GaussianNB().fit(POINTS, KINDS)
    model = to_onnx(estimator, initial_types=floats(), options={"zipmap": False})
    case("classes in a weight", model, classes(*run(model, {"points": ARRAY}), estimator.classes_))
    estimator = LinearSVC().fit(POINTS, KINDS)
    model = to_onnx(estimator, initial_types=floats())
    expected = classes(estimator.predict(ARRAY), estimator.decision_function(ARRAY), estimator.classes_, "decision")
    case("decisions", model, expected, near=1e-4)
    tags = numpy.stack([POINTS[:, 0] > 0, POINTS[:, 1] > 0], axis=1).astype(int)
    estimator = OneVsRestClassifier(LogisticRegression()).fit(POINTS, tags)
    model = to_onnx(estimator, initial_types=floats(), options={"zipmap": False})
    chosen, rows = run(model, {"points": ARRAY})
    expected = [
        {
            "labels": [index for index, on in enumerate(own) if on],
            "scores": [{"label": index, "score": score} for index, score in enumerate(row)],
            "scoreKind": "probability",
        }
        for own, row in zip(chosen.tolist(), rows.tolist())
    ]
    case("several labels at once", model, expected)


def texts_and_tables():
    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, ["yes", "no"] * 10)
    for title, shape in (("in a list", [None]), ("in a column", [None, 1])):
        types = [("text", StringTensorType(shape))]
        options = {TfidfVectorizer: {"locale": "C"}, LogisticRegression: {"zipmap": False}}
        model = to_onnx(estimator, initial_types=types, options=options)
        asked = ["good day", "bad", ""]
        expected = classes(estimator.predict(asked), estimator.predict_proba(asked), estimator.classes_)
        case("texts " + title, model, expected, asked, near=1e-5)
    people = pandas.DataFrame(
        {
            "age": (POINTS[:, 0] * 9 + 40),
            "town": RANDOM.choice(["Oslo", "Lima"], 90),
            "rooms": RANDOM.integers(1, 5, 90),
        }
    )
    columns = ColumnTransformer([("numbers", StandardScaler(), ["age", "rooms"]), ("town", OneHotEncoder(), ["town"])])
    estimator = make_pipeline(columns, LogisticRegression()).fit(people, KINDS)
    types = [("age", FloatTensorType([None, 1])), ("town", StringTensorType([None, 1]))]
    types.append(("rooms", Int64TensorType([None, 1])))
    model = to_onnx(estimator, initial_types=types, options={"zipmap": False})
    asked = [{"age": 41.5, "town": "Oslo", "rooms": 2}, {"age": 30, "town": "Lima", "rooms": 4}]
    table = pandas.DataFrame(asked)
    expected = classes(estimator.predict(table), estimator.predict_proba(table), estimator.classes_)
    case("columns by name", model, expected, asked, near=1e-5)


def others():
    for width in (1, 2):
        estimator = LinearRegression().fit(POINTS, POINTS[:, :width] * 2)
        model = to_onnx(estimator, initial_types=floats())
        rows = run(model, {"points": ARRAY})[0].tolist()
        expected = [{"value": row[0]} if width == 1 else {"values": {"y0": row[0], "y1": row[1]}} for row in rows]
        case("numbers %d" % width, model, expected)
    estimator = KMeans(3, random_state=1).fit(POINTS)
    pairs = zip(estimator.predict(ARRAY).tolist(), estimator.transform(ARRAY).tolist())
    expected = [{"cluster": cluster, "distances": distances} for cluster, distances in pairs]
    case("clusters", to_onnx(estimator, initial_types=floats()), expected, near=1e-5)
    estimator = IsolationForest(n_estimators=9, random_state=1).fit(POINTS)
    pairs = zip(estimator.predict(ARRAY).tolist(), estimator.decision_function(ARRAY).tolist())
    expected = [{"outlier": sign < 0, "score": score} for sign, score in pairs]
    model = to_onnx(estimator, initial_types=floats(), target_opset={"": 17, "ai.onnx.ml": 3})
    case("outliers", model, expected, near=1e-5)
    estimator = make_pipeline(StandardScaler(), PCA(2)).fit(POINTS)
    expected = [{"vector": row} for row in estimator.transform(ARRAY).tolist()]
    case("vectors", to_onnx(estimator, initial_types=floats()), expected, near=1e-5)


def by_operators():
    """What only the operators, or the name of the graph, tell apart."""
    mixture = GaussianMixture(3, random_state=1).fit(POINTS)
    for title, estimator in (("mixture", mixture), ("mixture in a pipeline", make_pipeline(StandardScaler(), mixture))):
        estimator.fit(POINTS)
        pairs = zip(estimator.predict(ARRAY).tolist(), estimator.predict_proba(ARRAY).tolist())
        expected = [
            {"cluster": cluster, "scores": [{"label": at, "score": s} for at, s in enumerate(row)], "scoreKind": "probability"}
            for cluster, row in pairs
        ]
        case(title, to_onnx(estimator, initial_types=floats()), expected, near=1e-4)
    for title, estimator in (("one component", PCA(1)), ("one component in a pipeline", make_pipeline(PCA(2), PCA(1)))):
        estimator.fit(POINTS)
        expected = [{"vector": row} for row in estimator.transform(ARRAY).tolist()]
        case(title, to_onnx(estimator, initial_types=floats()), expected, near=1e-5)
    network = MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, random_state=1)
    for title, estimator in (("network", network), ("network in a pipeline", make_pipeline(PCA(2), network))):
        estimator.fit(POINTS, POINTS[:, :2] * 2)
        expected = [{"values": {"y0": row[0], "y1": row[1]}} for row in estimator.predict(ARRAY).tolist()]
        case(title, to_onnx(estimator, initial_types=floats()), expected, near=1e-4)
    # A partial least squares in a pipeline could be a transformer: its numbers are tensors.
    estimator = make_pipeline(StandardScaler(), PLSRegression(1)).fit(POINTS, POINTS[:, 0])
    model = to_onnx(estimator, initial_types=floats())
    rows = run(model, {"points": ARRAY})[0].tolist()
    name = model.graph.output[0].name
    expected = [{"tensors": {name: {"dtype": "float32", "shape": [1, len(row)], "data": [row]}}} for row in rows]
    case("undecided", model, expected, [[row] for row in ROWS])


def boosted():
    types = [("points", ToolsFloats([None, 3]))]
    estimator = XGBClassifier(n_estimators=4).fit(POINTS, NUMBERS)
    model = onnxmltools.convert_xgboost(estimator, initial_types=types)
    case("xgboost", model, classes(estimator.predict(ARRAY), estimator.predict_proba(ARRAY), range(3)))
    estimator = XGBRegressor(n_estimators=4).fit(POINTS, POINTS[:, 0])
    model = onnxmltools.convert_xgboost(estimator, initial_types=types)
    case("xgboost numbers", model, [{"value": value} for value in estimator.predict(ARRAY).tolist()])
    estimator = LGBMClassifier(n_estimators=4, verbose=-1).fit(POINTS, NUMBERS)
    model = onnxmltools.convert_lightgbm(estimator, initial_types=types)
    case("lightgbm", model, classes(estimator.predict(ARRAY), estimator.predict_proba(ARRAY), range(3)))


def graph(nodes, inputs, outputs, operators=17):
    values = [[helper.make_tensor_value_info(*one) for one in side] for side in (inputs, outputs)]
    opsets = [helper.make_opsetid("", operators)]
    return helper.make_model(helper.make_graph(nodes, "g", *values), opset_imports=opsets, ir_version=8)


def tensors():
    double = graph(
        [helper.make_node("Add", ["x", "x"], ["y"])],
        [("x", TensorProto.INT64, ["batch", 2])],
        [("y", TensorProto.INT64, ["batch", 2])],
    )
    answer = {"tensors": {"y": {"dtype": "int64", "shape": [1, 2], "data": [[2, 4]]}}}
    longer = {"tensors": {"y": {"dtype": "int64", "shape": [2, 2], "data": [[2, 4], [6, 8]]}}}
    case("one tensor", double, [answer, answer, longer], [[[1, 2]], {"x": [[1, 2]]}, [[1, 2], [3, 4]]])
    pair = graph(
        [helper.make_node("Concat", ["a", "b"], ["both"], axis=0), helper.make_node("Not", ["on"], ["off"])],
        [("a", TensorProto.STRING, [None]), ("b", TensorProto.STRING, [2]), ("on", TensorProto.BOOL, [])],
        [("both", TensorProto.STRING, [None]), ("off", TensorProto.BOOL, [])],
    )
    both = {"dtype": "string", "shape": [3], "data": ["x", "y", "z"]}
    expected = [{"tensors": {"both": both, "off": {"dtype": "bool", "shape": [], "data": False}}}]
    case("strings and booleans", pair, expected, [{"a": ["x"], "b": ["y", "z"], "on": True}])
    sums = graph(
        [helper.make_node("Add", ["a", "b"], ["c"])],
        [("a", TensorProto.DOUBLE, ["rows", 1]), ("b", TensorProto.DOUBLE, ["rows", 1])],
        [("c", TensorProto.DOUBLE, ["rows", 1])],
    )
    asked = [{"a": [[1.5]], "b": [[2]]}, {"a": [[1], [2]], "b": [[0], [4]]}]
    rows = [[[3.5]], [[1.0], [6.0]]]
    expected = [{"tensors": {"c": {"dtype": "float64", "shape": [len(own), 1], "data": own}}} for own in rows]
    case("two tensors", sums, expected, asked)
    # What it answers for one depends on the others that it gets: they must not go together.
    total = graph(
        [helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0)],
        [("x", TensorProto.FLOAT, ["batch", 2])],
        [("y", TensorProto.FLOAT, [])],
    )
    sums = [{"tensors": {"y": {"dtype": "float32", "shape": [], "data": value}}} for value in (3.0, 7.0)]
    case("a sum of all", total, sums, [[[1, 2]], [[3, 4]]])


FOLDER.mkdir(parents=True, exist_ok=True)
classifiers()
texts_and_tables()
others()
by_operators()
boosted()
tensors()
print(json.dumps(CASES))
