"""Trains an encoder-decoder that writes numbers in digits, and saves it as models/seq2seq/ with its handler.py.

"three hundred and twenty-one" becomes "321", for whole numbers below a million.
"""

import json
import random
import shutil
import sys
from pathlib import Path

import torch
from torch import nn

from network import PAD, Seq2Seq, Tokenizer, write

HERE = Path(__file__).parent
ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
SPECIAL = ["<pad>", "<start>", "<end>"]
WORDS = SPECIAL + ONES + TENS + ["hundred", "thousand"]
DIGITS = SPECIAL + list("0123456789")
LONGEST = 6
"""Digits of the largest number."""
SIZE = 48
STEPS = 450
BATCH = 128


def in_words(number: int) -> str:
    if number >= 1000:
        rest = number % 1000
        return in_words(number // 1000) + " thousand" + (" " + in_words(rest) if rest else "")
    if number >= 100:
        rest = number % 100
        return ONES[number // 100] + " hundred" + (" and " + in_words(rest) if rest else "")
    if number >= 20:
        return TENS[number // 10 - 2] + ("-" + ONES[number % 10] if number % 10 else "")
    return ONES[number]


def some_number(pick: random.Random) -> int:
    """Of any length alike: else nearly all would have six digits."""
    number = pick.randrange(10 ** pick.randint(1, LONGEST))
    # Gaps are where zeros must be written that no word names.
    gaps = pick.choice((0, 0.3, 0.6))
    return int("".join("0" if pick.random() < gaps else digit for digit in str(number)))


def batch(pick: random.Random, tokenizer: Tokenizer) -> tuple:
    numbers = [some_number(pick) for _ in range(BATCH)]
    words = [torch.tensor(tokenizer.encode(in_words(number))) for number in numbers]
    digits = [torch.tensor(tokenizer.encode_digits(str(number))) for number in numbers]
    return tuple(nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD) for rows in (words, digits))


def train() -> tuple:
    torch.manual_seed(7)
    pick = random.Random(7)
    tokenizer = Tokenizer(WORDS, DIGITS)
    network = Seq2Seq(len(WORDS), len(DIGITS), SIZE)
    optimizer = torch.optim.Adam(network.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.2e-2, total_steps=STEPS)
    for step in range(STEPS):
        words, digits = batch(pick, tokenizer)
        loss = nn.functional.cross_entropy(network(words, digits).flatten(0, 1), digits.flatten(), ignore_index=PAD)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return network.eval(), tokenizer


def main(folder: Path) -> None:
    network, tokenizer = train()
    pick = random.Random(8)
    numbers = [some_number(pick) for _ in range(1000)]
    written = write(network, tokenizer, [in_words(number) for number in numbers], LONGEST)
    right = sum(text == str(number) for (text, _), number in zip(written, numbers))
    print(f"{right} of {len(numbers)} numbers are right")
    model = folder / "seq2seq"
    model.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), model / "weights.pt")
    settings = {"words": WORDS, "digits": DIGITS, "size": SIZE, "longest": LONGEST}
    (model / "tokenizer.json").write_text(json.dumps(settings, indent=1), encoding="utf-8")
    for name in ("handler.py", "network.py", "requirements.txt"):
        shutil.copyfile(HERE / name, model / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent.parent / "models")
