"""Trains estimators that do more than classify: flowers.skops, unusual.joblib, groups.joblib, plane.joblib."""

import sys
from pathlib import Path

import joblib
import skops.io
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    flowers = load_iris(as_frame=True)
    species = flowers.target_names[flowers.target]
    forest = make_pipeline(StandardScaler(), RandomForestClassifier(10, random_state=7)).fit(flowers.data, species)
    skops.io.dump(forest, folder / "flowers.skops")
    joblib.dump(IsolationForest(n_estimators=20, random_state=7).fit(flowers.data), folder / "unusual.joblib")
    joblib.dump(make_pipeline(StandardScaler(), KMeans(3, random_state=7)).fit(flowers.data), folder / "groups.joblib")
    joblib.dump(make_pipeline(StandardScaler(), PCA(2)).fit(flowers.data), folder / "plane.joblib")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "models")
