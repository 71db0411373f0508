"""Trains a classifier on a table, four measures of a flower, and saves it as models/flowers.joblib."""

import sys
from pathlib import Path

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def main(folder: Path) -> None:
    flowers = load_iris(as_frame=True)
    species = flowers.target.map(dict(enumerate(flowers.target_names)))
    model = make_pipeline(StandardScaler(), LogisticRegression(random_state=7)).fit(flowers.data, species)
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / "flowers.joblib")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "models")
