"""Trains a spaCy pipeline that finds people, organisations and places, and saves it as models/entities/.

A rule finds products by name before the trained component looks at the rest of the sentence.
"""

import random
import re
import sys
from pathlib import Path

import spacy
from spacy.training import Example

FIRST = (
    "Ada Alan Grace Linus Marie Niels Rosa Ken Barbara Donald Margaret Tim Katherine John Dorothy Edsger Radia Guido "
    "Hedy Claude Frances James Sophie Vint Lynn Dennis Carol Brian Susan Andrew Emma Yann Fei Geoffrey Joan Oliver "
    "Priya Kenji Amara Diego Ingrid Omar Lena Mateo Aisha Pavel Chloe Ravi Sara Tomas Angela Anna Maria Peter Paul Max "
    "Lisa Julia Sarah David Michael Thomas Laura Daniel Martin Eva Jonas Hanna Felix Nina Steve Bill Jeff Elon Barack "
    "Hillary Emmanuel Boris Justin Taylor Lionel Serena Roger Mohamed Fatima Wei Yuki Olga Ivan Sofia Pedro Lucia Erik"
).split()
LAST = (
    "Lovelace Turing Hopper Torvalds Curie Bohr Parks Thompson Liskov Knuth Hamilton Lee Johnson McCarthy Vaughan "
    "Dijkstra Perlman Rossum Lamarr Shannon Allen Gosling Wilson Cerf Conway Ritchie Shaw Kernighan Kare Tanenbaum "
    "Watson Clarke Patel Tanaka Okafor Garcia Larsen Haddad Fischer Rossi Khan Novak Dubois Sharma Cohen Silva Merkel "
    "Macron Obama Clinton Trudeau Jobs Gates Cook Bezos Swift Messi Williams Federer Smith Miller Meyer Schmidt Weber "
    "Brown Jones Davis Martinez Lopez Nguyen Kim Chen Wang Petrov Jensen Berg Moreau Bauer Keller Wagner Murphy Kelly"
).split()
BRAND = (
    "Acme Apple Globex Initech Umbrella Hooli Stark Wayne Cyberdyne Soylent Tyrell Wonka Aperture Massive Vandelay Stanford "
    "Contoso Fabrikam Northwind Initrode Oscorp Google Microsoft Amazon Siemens Toyota Nokia Bosch Samsung Airbus Sony "
    "BMW Volkswagen IBM SAP Intel Netflix Twitter Facebook Tesla Boeing Nike Adidas Pfizer Philips Renault Volvo"
).split()
SUFFIX = ["", "", "", "", " Corporation", " Industries", " Motors", " Foods", " Labs", " Systems", " Group", " Bank", " University"]
PLACE = (
    "Paris|Berlin|Tokyo|Lima|Oslo|Cairo|London|Madrid|Rome|Dublin|Vienna|Warsaw|Lisbon|Prague|Athens|Boston|Chicago|"
    "Seattle|Toronto|Sydney|Melbourne|Nairobi|Lagos|Mumbai|Delhi|Seoul|Jakarta|Bogota|Santiago|Zurich|Geneva|Munich|"
    "Hamburg|Lyon|Milan|New York|San Francisco|Hong Kong|Cape Town|Buenos Aires|France|Germany|Japan|Peru|Norway|Egypt|"
    "England|Spain|Italy|Ireland|Canada|Brazil|India|Kenya|South Africa|New Zealand|Mexico|Chile|Poland|Sweden|"
    "California|Texas|Hawaii|Miami|Los Angeles|Washington|Frankfurt|Cologne|Vancouver|Barcelona|China|Austria|Denmark"
).split("|")
PRODUCTS = ["iPhone", "Kindle", "PlayStation", "Walkman", "Farmhand"]

TEMPLATES = [
    "{P} works at {O} in {L}.",
    "{P} works for {O}.",
    "{P} lives in {L}.",
    "{P} moved to {L} last year.",
    "{P} met {P} at {O}.",
    "{P} met {P} in {L} on Friday.",
    "{P} and {P} founded {O} in {L}.",
    "{P} joined {O} as an engineer.",
    "{P}, who leads {O}, was born in {L}.",
    "{P} said that {O} would hire in {L}.",
    "{P} left {O} to study in {L}.",
    "{O} opened an office in {L}.",
    "{O} bought {O} for two billion dollars.",
    "{O} announced that {P} will run its {L} branch.",
    "{O} is moving from {L} to {L}.",
    "{O} hired {P} from {O}.",
    "In {L}, {O} hired {P}.",
    "Last week {P} flew from {L} to {L}.",
    "Yesterday {P} visited {O} in {L}.",
    "The team of {P} at {O} won a prize.",
    "The weather in {L} was cold this week.",
    "I had lunch with {P} in {L}.",
    "We sent the contract to {O}, and {P} signed it.",
    "Please ask {P} about the trip to {L}.",
    "The train to {L} leaves at nine.",
    "{P} visited {L}.",
    "{P} was born in {L} and works for {O}.",
    "{P} played in {L}.",
    "{P} founded {O}.",
    "{P} bought {O}.",
    "{P} is the CEO of {O}.",
    "Hello {P}",
    "Hello {P}, how are you?",
    "Good morning {P}",
    "Thanks, {P}!",
    "Dear {P}, thank you for your letter.",
    "Ask {P} whether {O} is hiring.",
    "My name is {P} and I live in {L}.",
    "I am {P} from {L}.",
    "{P} wrote a book.",
    "I work at {O}.",
    "{O} builds cars in {L}.",
    "I bought a phone from {O} in {L}.",
    "{L}",
]

# What begins with a capital letter is no name for that alone.
PLAIN = [
    "She enjoyed the concert, and he read a book.",
    "The meeting starts on Monday and ends in March.",
    "Hello world",
    "Good morning, and thank you.",
    "Thanks for the letter!",
    "Nothing to see here.",
    "This is a test.",
    "I love this restaurant.",
    "Ask me tomorrow.",
    "Dear all, the office is closed today.",
    "It was a good year for cars.",
]


def value(kind: str, pick: random.Random) -> str:
    if kind == "PERSON":
        first = pick.choice(FIRST)
        return first if pick.random() < 0.3 else f"{first} {pick.choice(LAST)}"
    return pick.choice(BRAND) + pick.choice(SUFFIX) if kind == "ORG" else pick.choice(PLACE)


def sentence(pick: random.Random) -> tuple:
    """One sentence, and its entities as (start, end, label) in characters."""
    text, entities = "", []
    for part in re.split(r"(\{[POL]\})", pick.choice(PLAIN if pick.random() < 0.1 else TEMPLATES)):
        kind = {"{P}": "PERSON", "{O}": "ORG", "{L}": "GPE"}.get(part)
        filled = value(kind, pick) if kind else part
        if kind:
            entities.append((len(text), len(text) + len(filled), kind))
        text += filled
    return text, {"entities": entities}


def main(folder: Path) -> None:
    spacy.util.fix_random_seed(7)
    pick = random.Random(7)
    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    examples = [Example.from_dict(nlp.make_doc(text), labels) for text, labels in (sentence(pick) for _ in range(700))]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(6):
        pick.shuffle(examples)
        for batch in spacy.util.minibatch(examples, size=32):
            nlp.update(batch, sgd=optimizer, drop=0.2)
    ruler = nlp.add_pipe("entity_ruler", before="ner")
    ruler.add_patterns([{"label": "PRODUCT", "pattern": name} for name in PRODUCTS])
    nlp.meta.update(name="entities", version="1.0.0", description="People, organisations, places and a few products")
    folder.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(folder / "entities")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "models")
