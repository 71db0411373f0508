"""Words in, digits out: an encoder that reads the words, a decoder that looks back at them for each digit it writes."""

import torch
from torch import nn

PAD, START, END = 0, 1, 2
"""The first three entries of both vocabularies."""


class Tokenizer:
    """Its own: each word is a token, lower case; hyphens, commas and the word "and" separate only."""

    def __init__(self, words, digits):
        self.words = words
        self.digits = digits
        self._ids = {word: index for index, word in enumerate(words)}

    def split(self, text):
        for mark in "-,":
            text = text.replace(mark, " ")
        return [word for word in text.lower().split() if word != "and"]

    def unknown(self, text):
        return [word for word in self.split(text) if word not in self._ids]

    def encode(self, text):
        return [self._ids[word] for word in self.split(text)] + [END]

    def encode_digits(self, text):
        return [self.digits.index(digit) for digit in text] + [END]

    def decode(self, ids):
        return "".join(self.digits[index] for index in ids)


class Seq2Seq(nn.Module):
    def __init__(self, words, digits, size):
        super().__init__()
        self.words = nn.Embedding(words, size, padding_idx=PAD)
        self.digits = nn.Embedding(digits, size, padding_idx=PAD)
        self.encoder = nn.GRU(size, size, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(2 * size, size)
        self.keys = nn.Linear(2 * size, size)
        self.decoder = nn.GRUCell(3 * size, size)
        self.scores = nn.Linear(3 * size, digits)

    def encode(self, tokens):
        """`tokens`: (batch, length), padded at the end. What the decoder looks at: memory, keys, mask and its first state."""
        lengths = (tokens != PAD).sum(1)
        packed = nn.utils.rnn.pack_padded_sequence(self.words(tokens), lengths, batch_first=True, enforce_sorted=False)
        memory, last = self.encoder(packed)
        memory, _ = nn.utils.rnn.pad_packed_sequence(memory, batch_first=True)
        state = torch.tanh(self.bridge(torch.cat((last[0], last[1]), 1)))
        return memory, self.keys(memory), tokens == PAD, state

    def step(self, digit, state, encoded):
        """One more digit: its scores, (batch, digits), and the next state."""
        memory, keys, mask, _ = encoded
        weights = torch.einsum("bls,bs->bl", keys, state).masked_fill(mask, float("-inf")).softmax(1)
        seen = torch.einsum("bl,bls->bs", weights, memory)
        state = self.decoder(torch.cat((self.digits(digit), seen), 1), state)
        return self.scores(torch.cat((state, seen), 1)), state

    def forward(self, tokens, digits):
        """The scores of each digit, given the true ones before it: what training asks for."""
        encoded = self.encode(tokens)
        state, before, scores = encoded[3], torch.full_like(digits[:, 0], START), []
        for position in range(digits.shape[1]):
            score, state = self.step(before, state, encoded)
            scores.append(score)
            before = digits[:, position]
        return torch.stack(scores, 1)


@torch.inference_mode()
def write(network, tokenizer, texts, longest):
    """The likeliest digits of each text, one after the other, and how likely they are together."""
    rows = [torch.tensor(tokenizer.encode(text)) for text in texts]
    encoded = network.encode(nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD))
    state, before = encoded[3], torch.full((len(texts),), START)
    written = [[] for _ in texts]
    likely = torch.zeros(len(texts))
    open_ones = set(range(len(texts)))
    for _ in range(longest + 1):
        scores, state = network.step(before, state, encoded)
        best, before = scores.log_softmax(1).max(1)
        for index in sorted(open_ones):
            likely[index] += best[index]
            if before[index] == END:
                open_ones.discard(index)
            else:
                written[index].append(int(before[index]))
        if not open_ones:
            break
    return [(tokenizer.decode(ids), float(score)) for ids, score in zip(written, likely.exp())]
