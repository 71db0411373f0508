"""Trains boosted trees: .ubj and .json by XGBoost, .txt by LightGBM, and wrappers in .joblib."""

import sys
from pathlib import Path

import joblib
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.datasets import load_diabetes, load_iris
from xgboost import XGBClassifier, XGBRegressor


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    flowers = load_iris(as_frame=True)
    names = [name.replace(" (cm)", "").replace(" ", "_") for name in flowers.data.columns]
    measures = flowers.data.set_axis(names, axis=1)
    progress = load_diabetes()

    boosted = XGBClassifier(n_estimators=10, max_depth=3, random_state=7).fit(measures, flowers.target)
    boosted.save_model(folder / "flowers.ubj")
    joblib.dump(boosted, folder / "flowers-xgb.joblib")
    regressor = XGBRegressor(n_estimators=10, max_depth=3, random_state=7).fit(progress.data, progress.target)
    regressor.save_model(folder / "progress-xgb.json")

    light = LGBMClassifier(n_estimators=10, random_state=7, verbose=-1).fit(measures, flowers.target)
    light.booster_.save_model(folder / "flowers-lgb.txt")
    joblib.dump(light, folder / "flowers-lgb.joblib")
    regressor = LGBMRegressor(n_estimators=10, random_state=7, verbose=-1).fit(progress.data, progress.target)
    regressor.booster_.save_model(folder / "progress-lgb.txt")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "models")
