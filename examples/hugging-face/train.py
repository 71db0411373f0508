"""Trains a tiny model of each kind of Hugging Face's and saves them below models/hugging-face/."""

import os
import random
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import corpus  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers  # noqa: E402
from transformers import PreTrainedTokenizerFast  # noqa: E402

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WIDTH = 48
POSITIONS = 64


def word_pieces(texts: list[str], lowercase: bool = True) -> PreTrainedTokenizerFast:
    """A tokenizer as BERT's, of the words of these texts."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=400, special_tokens=SPECIAL))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=POSITIONS,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def bert(tokenizer: PreTrainedTokenizerFast, labels: list[str] | None = None) -> transformers.BertConfig:
    """The shape of a tiny BERT."""
    named = {"id2label": dict(enumerate(labels)), "label2id": {n: i for i, n in enumerate(labels)}} if labels else {}
    return transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=2 * WIDTH,
        max_position_embeddings=POSITIONS,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.2,  # so small a model begins to learn late with the usual 0.02
        **named,
    )


def fit(model: torch.nn.Module, batch, steps: int, rate: float = 3e-3) -> torch.nn.Module:
    """Trains on `batch()`, a dict of tensors, that many times."""
    optimizer = torch.optim.AdamW(model.parameters(), rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    model.train()
    for _ in range(steps):
        model(**batch()).loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return model.eval()


def topics(folder: Path, pick: random.Random) -> None:
    """Text classification: which topic a sentence has."""
    data = corpus.topics(pick, 600)
    labels = list(corpus.TOPICS)
    tokenizer = word_pieces([text for text, _ in data])
    model = transformers.BertForSequenceClassification(bert(tokenizer, labels))

    def batch():
        some = pick.sample(data, 32)
        encoded = tokenizer([text for text, _ in some], padding=True, return_tensors="pt")
        return dict(encoded, labels=torch.tensor([labels.index(label) for _, label in some]))

    save(fit(model, batch, 60), tokenizer, folder / "topics")


def names(folder: Path, pick: random.Random) -> None:
    """Token classification: people, places and companies."""
    data = [corpus.tagged(pick) for _ in range(600)]
    labels = ["O", "B-PERSON", "I-PERSON", "B-PLACE", "I-PLACE", "B-COMPANY", "I-COMPANY"]
    tokenizer = word_pieces([" ".join(words) for words, _ in data], lowercase=False)
    model = transformers.BertForTokenClassification(bert(tokenizer, labels))

    def batch():
        some = pick.sample(data, 32)
        encoded = tokenizer([w for w, _ in some], is_split_into_words=True, padding=True, return_tensors="pt")
        rows = []
        for at, (_, tags) in enumerate(some):
            words = encoded.word_ids(at)
            rows.append([-100 if word is None else labels.index(tags[word]) for word in words])
        return dict(encoded, labels=torch.tensor(rows))

    save(fit(model, batch, 120), tokenizer, folder / "names")


def questions(folder: Path, pick: random.Random) -> None:
    """Question answering: where somebody lives."""
    data = [corpus.question(pick) for _ in range(2000)]
    tokenizer = word_pieces([f"{asked} {context}" for asked, context, _, _ in data], lowercase=False)
    model = transformers.BertForQuestionAnswering(bert(tokenizer))

    def batch():
        some = pick.sample(data, 48)
        encoded = tokenizer([q for q, *_ in some], [c for _, c, *_ in some], padding=True, return_tensors="pt")
        places = [encoded.char_to_token(at, start, 1) for at, (*_, start) in enumerate(some)]
        ends = [encoded.char_to_token(at, s + len(a) - 1, 1) for at, (_, _, a, s) in enumerate(some)]
        return dict(encoded, start_positions=torch.tensor(places), end_positions=torch.tensor(ends))

    save(fit(model, batch, 300, 5e-3), tokenizer, folder / "questions")


def gaps(folder: Path, pick: random.Random) -> None:
    """Fill-mask: a missing word."""
    data = [text for text, _ in corpus.topics(pick, 600)]
    tokenizer = word_pieces(data)
    model = transformers.BertForMaskedLM(bert(tokenizer))

    def batch():
        encoded = tokenizer(pick.sample(data, 32), padding=True, return_tensors="pt")
        ids = encoded["input_ids"]
        chosen = (torch.rand(ids.shape) < 0.2) & (ids > 4)
        labels = torch.where(chosen, ids, torch.full_like(ids, -100))
        return dict(encoded, input_ids=torch.where(chosen, torch.full_like(ids, tokenizer.mask_token_id), ids), labels=labels)

    save(fit(model, batch, 120), tokenizer, folder / "gaps")


def entailment(folder: Path, pick: random.Random) -> None:
    """Zero-shot classification: whether a sentence is about what another one says."""
    data = corpus.topics(pick, 600)
    labels = ["entailment", "neutral", "contradiction"]
    hypotheses = {topic: f"This example is {topic}." for topic in corpus.TOPICS}
    tokenizer = word_pieces([text for text, _ in data] + list(hypotheses.values()) * 50)
    model = transformers.BertForSequenceClassification(bert(tokenizer, labels))

    def batch():
        some = [(text, topic, pick.choice(list(hypotheses))) for text, topic in pick.sample(data, 48)]
        encoded = tokenizer([t for t, *_ in some], [hypotheses[h] for *_, h in some], padding=True, return_tensors="pt")
        return dict(encoded, labels=torch.tensor([0 if topic == asked else 2 for _, topic, asked in some]))

    save(fit(model, batch, 300, 5e-3), tokenizer, folder / "entailment")


def german(folder: Path, pick: random.Random) -> None:
    """Translation: phrases from English to German."""
    data = [corpus.phrase(pick) for _ in range(600)]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=whole_words([text for pair in data for text in pair]),
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=POSITIONS,
    )
    config = transformers.T5Config(
        vocab_size=len(tokenizer),
        d_model=WIDTH,
        d_kv=12,
        d_ff=2 * WIDTH,
        num_layers=2,
        num_heads=4,
        dropout_rate=0.0,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=1,
        task_specific_params={"translation_en_to_de": {"prefix": ""}},
    )
    model = transformers.T5ForConditionalGeneration(config)

    def batch():
        some = pick.sample(data, 32)
        encoded = tokenizer([english for english, _ in some], padding=True, return_tensors="pt")
        labels = tokenizer([other for _, other in some], padding=True, return_tensors="pt")["input_ids"]
        encoded.pop("token_type_ids", None)
        return dict(encoded, labels=torch.where(labels == 0, torch.full_like(labels, -100), labels))

    save(fit(model, batch, 300, 5e-3), tokenizer, folder / "german")


def stories(folder: Path, pick: random.Random) -> None:
    """Text generation: how a sentence goes on."""
    data = [text for text, _ in corpus.topics(pick, 600)]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=whole_words(data), eos_token="</s>", unk_token="<unk>", model_max_length=POSITIONS
    )
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=WIDTH,
        n_layer=2,
        n_head=4,
        n_positions=POSITIONS,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=1,
        eos_token_id=1,
    )
    model = transformers.GPT2LMHeadModel(config)

    def batch():
        rows = [tokenizer(text)["input_ids"] + [1] for text in pick.sample(data, 32)]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [1] * (longest - len(row)) for row in rows])
        return {"input_ids": ids, "labels": ids}

    save(fit(model, batch, 120), tokenizer, folder / "stories")


def whole_words(texts: list[str]) -> Tokenizer:
    """A tokenizer of whole words; a T5 ends each text with </s>."""
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(texts, trainers.WordLevelTrainer(special_tokens=["<pad>", "</s>", "<unk>"]))
    if any("ü" in text for text in texts):
        tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def vectors(folder: Path, pick: random.Random) -> None:
    """Feature extraction: the classifier's body without its head."""
    source = folder / "topics"
    save(
        transformers.AutoModel.from_pretrained(source).eval(),
        transformers.AutoTokenizer.from_pretrained(source),
        folder / "vectors",
    )


def save(model: torch.nn.Module, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Both into one folder, as transformers loads them from there."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    for train in (topics, names, questions, gaps, entailment, german, stories, vectors):
        torch.manual_seed(7)
        train(folder / "hugging-face", random.Random(7))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "models")
