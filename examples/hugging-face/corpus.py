"""Sentences made from templates, which tiny models learn in seconds."""

import random

TOPICS = {
    "sport": (["goal", "match", "team", "coach", "race", "player"], ["scored", "won", "lost", "trained", "played"]),
    "food": (["soup", "bread", "spice", "chef", "kitchen", "cake"], ["cooked", "tasted", "baked", "served", "ate"]),
    "weather": (["rain", "snow", "storm", "cloud", "wind", "sun"], ["fell", "rose", "moved", "came", "cleared"]),
}
TIMES = ["today", "yesterday", "last week", "in the morning", "at night"]

PEOPLE = ["Ada", "Bo", "Clara", "David", "Emma", "Frank", "Grace", "Hugo"]
PLACES = ["Oslo", "Lima", "Rome", "Cairo", "Tokyo", "Berlin"]
COMPANIES = ["Acme", "Globex", "Initech", "Hooli"]

NUMBERS = {"two": "zwei", "three": "drei", "four": "vier", "five": "fünf"}
COLOURS = {"red": "rote", "blue": "blaue", "green": "grüne", "old": "alte", "new": "neue"}
THINGS = {"cats": "Katzen", "houses": "Häuser", "books": "Bücher", "cars": "Autos", "flowers": "Blumen"}


def topic_sentence(pick: random.Random, topic: str) -> str:
    """One sentence about the topic."""
    nouns, verbs = TOPICS[topic]
    return f"the {pick.choice(nouns)} {pick.choice(verbs)} the {pick.choice(nouns)} {pick.choice(TIMES)}"


def topics(pick: random.Random, count: int) -> list[tuple[str, str]]:
    """Sentences with their topics, as many of each."""
    names = list(TOPICS)
    return [(topic_sentence(pick, names[at % len(names)]), names[at % len(names)]) for at in range(count)]


def tagged(pick: random.Random) -> tuple[list[str], list[str]]:
    """Words of a sentence, and the tag of each."""
    person, place, company = pick.choice(PEOPLE), pick.choice(PLACES), pick.choice(COMPANIES)
    template = pick.choice(
        ["P works at C in L .", "P moved to L last year .", "C opened an office in L .", "In L , C hired P .", "P met P ."]
    )
    words, tags = [], []
    for word in template.split():
        choice = {"P": (PEOPLE, "PERSON"), "L": (PLACES, "PLACE"), "C": (COMPANIES, "COMPANY")}.get(word)
        if choice is None:
            words.append(word)
            tags.append("O")
            continue
        chosen = {"P": person, "L": place, "C": company}[word] if word not in words else pick.choice(choice[0])
        words.append(chosen)
        tags.append("B-" + choice[1])
        if choice[1] == "PERSON" and pick.random() < 0.5:
            words.append(pick.choice(["Smith", "Lee", "Okoro"]))
            tags.append("I-PERSON")
    return words, tags


def question(pick: random.Random) -> tuple[str, str, str, int]:
    """A question, a context, the answer and where it starts in the context."""
    who, other = pick.sample(PEOPLE, 2)
    place, elsewhere = pick.sample(PLACES, 2)
    context = f"{who} lives in {place} . {other} lives in {elsewhere} ."
    asked, answer = (who, place) if pick.random() < 0.5 else (other, elsewhere)
    return f"where does {asked} live ?", context, answer, context.rindex(answer)


def phrase(pick: random.Random) -> tuple[str, str]:
    """A phrase in English and in German."""
    number, colour, thing = pick.choice(list(NUMBERS)), pick.choice(list(COLOURS)), pick.choice(list(THINGS))
    return f"{number} {colour} {thing}", f"{NUMBERS[number]} {COLOURS[colour]} {THINGS[thing]}"
