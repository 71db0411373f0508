"""Text models in ONNX with their tokenizers: exports them into the folder given, and prints what the originals answer.

The output is as that of boosted.py.
"""

import json
import os
import random
import runpy
import shutil
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.simplefilter("ignore")

import torch
from sentence_transformers import SentenceTransformer
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    pipeline,
)
from transformers.utils import ModelOutput

try:
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
except ImportError:  # before 5.4
    from sentence_transformers.models import Normalize, Pooling, Transformer

FOLDER = Path(sys.argv[1])
EXAMPLE = runpy.run_path(str(Path(__file__).parents[3] / "examples" / "onnx-topics" / "train.py"))
TEXTS = ["the chef made bread", "goal 😀 team today a match", "", "soup", "Coach of the league, and a very long text!"]
CASES = {}
TAGS = ["O", "B-DISH", "I-DISH", "B-SIDE", "I-SIDE"]


def case(name, folder, expected, inputs=TEXTS):
    CASES[name] = {"framework": "onnx", "path": str(folder), "inputs": inputs, "expected": expected, "near": 1e-5}


def export(model, tokenizer, folder, names, output, dynamic=True):
    """Saves what a folder of Optimum holds, without the weights of PyTorch."""

    class Only(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, *tensors):
            return getattr(self.model(**dict(zip(names, tensors))), output)

    tokenizer.save_pretrained(folder)
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    padding = {} if dynamic else {"padding": "max_length", "max_length": 16}
    encoded = tokenizer(["the chef made bread"], return_tensors="pt", **padding)
    axes = {name: {0: "batch", 1: "tokens"} for name in names}
    axes[output] = {0: "batch", 1: "tokens"} if output == "last_hidden_state" else {0: "batch"}
    torch.onnx.export(
        Only().eval(),
        tuple(encoded[name] for name in names),
        str(folder / "model.onnx"),
        input_names=list(names),
        output_names=[output],
        dynamic_axes=axes if dynamic else None,
        opset_version=17,
        dynamo=False,
    )


def made(kind, tokenizer, **more):
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        attn_implementation="eager",
        **more,
    )
    return kind(config).eval()


def named(labels):
    return {"id2label": dict(enumerate(labels)), "label2id": {label: index for index, label in enumerate(labels)}}


def main():
    tokenizer = EXAMPLE["tokenizer_of"]([text for text, _ in EXAMPLE["sentences"](random.Random(7))])
    names = ("input_ids", "token_type_ids", "attention_mask")
    tokenizer.model_input_names = list(names)
    topics(tokenizer, names)
    entities(tokenizer, names)
    embeddings(tokenizer, names)
    print(json.dumps(CASES))


def topics(tokenizer, names):
    for title, more in (("one topic", {}), ("several topics", {"problem_type": "multi_label_classification"})):
        model = made(BertForSequenceClassification, tokenizer, **named(["sport", "food", "art"]), **more)
        ask = pipeline("text-classification", model=model, tokenizer=tokenizer, top_k=None)
        expected = []
        for text in TEXTS:
            found = {one["label"]: one["score"] for one in ask([text])[0]}
            expected.append(
                {
                    "label": max(found, key=found.get),
                    "scores": [{"label": name, "score": found[name]} for name in ("sport", "food", "art")],
                    "scoreKind": "probability",
                }
            )
        export(model, tokenizer, FOLDER / title, names, "logits")
        case(title, FOLDER / title, expected)
    export(model, tokenizer, FOLDER / "fixed shape", names, "logits", dynamic=False)
    case("fixed shape", FOLDER / "fixed shape", expected[:4], TEXTS[:4])


def entities(tokenizer, names):
    model = made(BertForTokenClassification, tokenizer, **named(TAGS))
    with torch.no_grad():
        model.classifier.weight *= 40  # so that neighbours differ in their tags
    ask = pipeline("token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="simple")
    expected = []
    for text in TEXTS:
        found = ask(text) if text else []
        keys = {"label": "entity_group", "start": "start", "end": "end", "score": "score"}
        answers = [dict({"text": text[one["start"] : one["end"]]}, **{k: one[v] for k, v in keys.items()}) for one in found]
        expected.append({"entities": [dict(one, score=float(one["score"])) for one in answers]})
    assert sum(len(one["entities"]) for one in expected) > 3
    export(model, tokenizer, FOLDER / "entities", names, "logits")
    case("entities", FOLDER / "entities", expected)


def embeddings(tokenizer, names):
    model = made(BertModel, tokenizer)
    export(model, tokenizer, FOLDER / "averaged", names, "last_hidden_state")
    expected = []
    with torch.no_grad():
        for text in TEXTS:
            hidden = model(**tokenizer([text], return_tensors="pt")).last_hidden_state
            expected.append({"embedding": hidden[0].mean(dim=0).tolist()})
    case("averaged", FOLDER / "averaged", expected)
    in_graph(model, tokenizer, names, expected)

    original = FOLDER / "original"
    tokenizer.save_pretrained(original)
    model.save_pretrained(original)
    transformer = Transformer(str(original), max_seq_length=8)
    for mode in ("mean", "cls", "max"):
        modules = [transformer, Pooling(32, pooling_mode=mode)] + ([Normalize()] if mode == "mean" else [])
        sentences = SentenceTransformer(modules=modules, device="cpu")
        folder = FOLDER / ("pooled " + mode)
        sentences.save_pretrained(str(folder))
        for weights in folder.rglob("*.safetensors"):
            weights.unlink()
        limits = (folder / "sentence_bert_config.json").read_text()
        settings = (folder / "tokenizer_config.json").read_text()
        export(model, tokenizer, folder, names, "last_hidden_state")
        (folder / "sentence_bert_config.json").write_text(limits)
        (folder / "tokenizer_config.json").write_text(settings)
        expected = [{"embedding": row} for row in sentences.encode(TEXTS).tolist()]
        case("pooled " + mode, folder, expected)
    shutil.rmtree(original)


@dataclass
class Vectors(ModelOutput):
    sentence_embedding: torch.Tensor = None


def in_graph(model, tokenizer, names, averaged):
    """As Optimum exports SentenceTransformers: the graph has pooled and normalized the vectors already."""

    class Pooled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model
            self.config = model.config

        def forward(self, **inputs):
            tokens = self.model(**inputs).last_hidden_state
            mask = inputs["attention_mask"][:, :, None].float()
            means = (tokens * mask).sum(1) / mask.sum(1)
            return Vectors(sentence_embedding=torch.nn.functional.normalize(means, dim=1))

    export(Pooled().eval(), tokenizer, FOLDER / "pooled in the graph", names, "sentence_embedding")
    rows = torch.nn.functional.normalize(torch.tensor([one["embedding"] for one in averaged]), dim=1)
    case("pooled in the graph", FOLDER / "pooled in the graph", [{"embedding": row} for row in rows.tolist()])


main()
