"""Exports estimators to ONNX: reviews.onnx and flowers.onnx by skl2onnx, flowers-boosted.onnx by OnnxMLTools."""

import random
import sys
from pathlib import Path

import onnxmltools
from onnxmltools.convert.common.data_types import FloatTensorType as BoostedFloats
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.datasets import load_iris
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

WORDS = {
    "negative": ["awful", "cold", "rude", "dirty", "slow"],
    "positive": ["great", "warm", "kind", "clean", "quick"],
}


def reviews(pick: random.Random) -> tuple:
    labels = [label for _ in range(200) for label in WORDS]
    return [" ".join(pick.choices(WORDS[label] + ["the", "room", "was"], k=6)) for label in labels], labels


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    texts, labels = reviews(random.Random(7))
    sentiment = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, labels)
    # Without a locale that every system has, ONNX Runtime refuses the model where en_US is not installed.
    options = {TfidfVectorizer: {"locale": "C"}, LogisticRegression: {"zipmap": False}}
    exported = to_onnx(sentiment, initial_types=[("text", StringTensorType([None]))], options=options)
    (folder / "reviews.onnx").write_bytes(exported.SerializeToString())

    flowers = load_iris()
    species = flowers.target_names[flowers.target]
    table = make_pipeline(StandardScaler(), LogisticRegression(random_state=7)).fit(flowers.data, species)
    exported = to_onnx(table, initial_types=[("measures", FloatTensorType([None, 4]))])
    (folder / "flowers.onnx").write_bytes(exported.SerializeToString())

    boosted = XGBClassifier(n_estimators=10, max_depth=3, random_state=7).fit(flowers.data, flowers.target)
    exported = onnxmltools.convert_xgboost(boosted, initial_types=[("measures", BoostedFloats([None, 4]))])
    (folder / "flowers-boosted.onnx").write_bytes(exported.SerializeToString())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "models")
