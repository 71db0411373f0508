"""Trains a review classifier, TF-IDF and logistic regression, and saves it as models/sentiment.joblib."""

import random
import sys
from pathlib import Path

import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

THINGS = (
    "food room service staff breakfast bed view location bathroom pool coffee dinner menu waiter soup pizza dessert "
    "film plot acting soundtrack ending book story camera battery screen keyboard phone laptop headset app update "
    "delivery packaging price support manual tour museum concert flight seat trip host apartment garden music wine"
).split()
PLACES = ["hotel", "restaurant", "cafe", "shop", "theatre", "airline", "hostel", "bakery", "bar", "cinema"]
TIMES = ["Yesterday", "Last week", "This time", "On our second visit", "In the end", "As always", "For once", "Again"]

WORDS = {
    "positive": {
        "adjective": (
            "great good wonderful lovely excellent fantastic amazing superb delicious friendly clean comfortable cosy "
            "perfect brilliant beautiful fresh helpful quick spotless charming tasty outstanding impressive delightful "
            "reliable generous warm gorgeous fun smooth sharp pleasant marvellous fine nice happy quiet"
        ).split(),
        "verb": ["loved", "enjoyed", "adored", "liked", "love", "like", "enjoy", "recommend", "appreciated", "admired"],
        "phrase": [
            "worth every penny",
            "we will be back",
            "highly recommended",
            "it made my day",
            "exceeded our expectations",
            "could not be happier",
            "best I have ever had",
            "five stars",
            "thank you so much",
            "works like a charm",
            "not bad at all",
        ],
        "negated": "bad awful terrible disappointing boring dirty rude noisy slow expensive".split(),
        "did not": "regret hate dislike mind".split(),
    },
    "negative": {
        "adjective": (
            "awful terrible horrible bad disgusting rude dirty noisy cold disappointing boring broken slow stale bland "
            "overpriced poor dreadful uncomfortable unhelpful smelly ugly useless mediocre faulty cramped tasteless "
            "filthy annoying unacceptable cheap blurry late wrong greasy sad pathetic miserable"
        ).split(),
        "verb": ["hated", "disliked", "regretted", "hate", "dislike", "regret", "avoided", "returned", "despised"],
        "phrase": [
            "a waste of money",
            "never again",
            "I want a refund",
            "we will not be back",
            "stay away",
            "it ruined our evening",
            "worst I have ever had",
            "one star",
            "nobody answered",
            "it stopped working after a day",
            "not worth it",
        ],
        "negated": "good great nice clean friendly fresh comfortable helpful worth happy".split(),
        "did not": "like enjoy love recommend".split(),
    },
}
TEMPLATES = [
    "I {verb} the {thing}.",
    "We {verb} the {thing} and the {thing2}.",
    "The {thing} was {adjective}.",
    "The {thing} is {adjective} and {adjective2}.",
    "{time} the {thing} was {adjective}, {phrase}.",
    "What a {adjective} {place}!",
    "The {place} had a {adjective} {thing}.",
    "{adjective} {thing}, {adjective2} {thing2}.",
    "I {verb} this {place}: {phrase}.",
    "{phrase}, the {thing} was so {adjective}.",
    "The {thing} was not {negated}.",
    "It was not {negated}, really.",
    "We did not {did_not} the {thing}.",
    "I would not {did_not} this {place}.",
    "My {thing} arrived and it is {adjective}.",
    "Such a {adjective} {thing}, I {verb} it.",
]


def sentence(pick: random.Random, label: str) -> str:
    """One review of the given label."""
    words = WORDS[label]
    text = pick.choice(TEMPLATES).format(
        verb=pick.choice(words["verb"]),
        adjective=pick.choice(words["adjective"]),
        adjective2=pick.choice(words["adjective"]),
        phrase=pick.choice(words["phrase"]),
        negated=pick.choice(words["negated"]),
        did_not=pick.choice(words["did not"]),
        thing=pick.choice(THINGS),
        thing2=pick.choice(THINGS),
        place=pick.choice(PLACES),
        time=pick.choice(TIMES),
    )
    return text[0].upper() + text[1:]


def main(folder: Path) -> None:
    pick = random.Random(7)
    labels = [label for _ in range(3000) for label in WORDS]
    texts = [sentence(pick, label) for label in labels]
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(C=10, random_state=7, max_iter=1000),
    )
    model.fit(texts, labels)
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / "sentiment.joblib")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "models")
