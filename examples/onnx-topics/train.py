"""Trains a two-layer BERT that tells topics apart, and exports it with its tokenizer as models/onnx-topics/."""

import os
import random
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

WORDS = {
    "sport": ["goal", "match", "team", "coach", "score", "league"],
    "food": ["soup", "bread", "spice", "chef", "taste", "oven"],
}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def sentences(pick: random.Random) -> list:
    labels = [index for _ in range(150) for index in range(len(WORDS))]
    words = list(WORDS.values())
    return [(" ".join(pick.choices(words[label] + ["the", "a", "today"], k=6)), label) for label in labels]


def tokenizer_of(texts: list) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=300, special_tokens=SPECIAL))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=64,
    )


class Logits(torch.nn.Module):
    """The model with tensors as its inputs and its output."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


def train(model: torch.nn.Module, tokenizer: PreTrainedTokenizerFast, data: list, pick: random.Random) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    for _ in range(150):
        batch = pick.sample(data, 32)
        encoded = tokenizer([text for text, _ in batch], padding=True, return_tensors="pt")
        inputs = {name: encoded[name] for name in ("input_ids", "attention_mask")}
        model(**inputs, labels=torch.tensor([label for _, label in batch])).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def main(folder: Path) -> None:
    torch.manual_seed(7)
    pick = random.Random(7)
    data = sentences(pick)
    tokenizer = tokenizer_of([text for text, _ in data])
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        id2label=dict(enumerate(WORDS)),
        label2id={label: index for index, label in enumerate(WORDS)},
        attn_implementation="eager",
        architectures=["BertForSequenceClassification"],
    )
    model = BertForSequenceClassification(config)
    train(model, tokenizer, data, pick)

    target = folder / "onnx-topics"
    target.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(target)
    config.save_pretrained(target)
    encoded = tokenizer(["the chef made bread"], return_tensors="pt")
    torch.onnx.export(
        Logits(model.eval()),
        (encoded["input_ids"], encoded["attention_mask"]),
        str(target / "model.onnx"),
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_axes={
            "input_ids": {0: "batch", 1: "tokens"},
            "attention_mask": {0: "batch", 1: "tokens"},
            "logits": {0: "batch"},
        },
        opset_version=17,
        dynamo=False,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "models")
