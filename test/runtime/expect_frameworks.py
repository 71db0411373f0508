"""What transformers and PyTorch themselves answer, called as their documentation shows: for frameworks.test.ts.

Where transformers has a pipeline for the task the answer is the pipeline's.
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
import transformers  # noqa: E402

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def pipeline(task, **options):
    def ask(path, inputs):
        asked = transformers.pipeline(task, path, device="cpu")
        return [asked(one, **options) for one in inputs]

    return ask


def pair(path, inputs):
    asked = transformers.pipeline("text-classification", path, device="cpu")
    return [asked(one, top_k=None) for one in inputs]


def words(path, inputs):
    found = {}
    for strategy in ("none", "simple", "first", "average", "max"):
        asked = transformers.pipeline("token-classification", path, aggregation_strategy=strategy, device="cpu")
        found[strategy] = [asked(one) for one in inputs]
    return found


def answer(path, inputs):
    """The documentation of question answering: the most probable start and end, and the text between them."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    model = transformers.AutoModelForQuestionAnswering.from_pretrained(path).eval()
    found = []
    for one in inputs:
        encoded = tokenizer(one["question"], one["context"], return_tensors="pt", return_offsets_mapping=True)
        offsets = encoded.pop("offset_mapping")[0].tolist()
        with torch.no_grad():
            output = model(**encoded)
        # As the pipeline of transformers 4: only the context, and the first token, which stands for no answer.
        asked_of = [part == 1 or at == 0 for at, part in enumerate(encoded.sequence_ids(0))]
        outside = ~torch.tensor(asked_of)
        starts = output.start_logits[0].masked_fill(outside, -10000.0).softmax(-1)
        ends = output.end_logits[0].masked_fill(outside, -10000.0).softmax(-1)
        start, end = int(starts[1:].argmax()) + 1, int(ends[1:].argmax()) + 1
        text = one["context"][offsets[start][0] : offsets[end][1]]
        found.append({"answer": text, "start": offsets[start][0], "score": float(starts[start] * ends[end])})
    return found


def generate(kind, **options):
    def ask(path, inputs):
        tokenizer = transformers.AutoTokenizer.from_pretrained(path)
        model = getattr(transformers, kind).from_pretrained(path).eval()
        found = []
        for one in inputs:
            encoded = tokenizer(one, return_tensors="pt")
            encoded.pop("token_type_ids", None)
            if options.get("do_sample"):
                torch.manual_seed(options["seed"])
            more = {name: value for name, value in options.items() if name != "seed"}
            if kind == "AutoModelForCausalLM":
                more["pad_token_id"] = tokenizer.eos_token_id
            ids = model.generate(**encoded, **more)[0]
            found.append(tokenizer.decode(ids, skip_special_tokens=True))
        return found

    return ask


def features(path, inputs):
    asked = transformers.pipeline("feature-extraction", path, device="cpu")
    tokens = [torch.tensor(asked(one)[0]) for one in inputs]
    return {
        "none": [one.tolist() for one in tokens],
        "mean": [one.mean(0).tolist() for one in tokens],
        "cls": [one[0].tolist() for one in tokens],
    }


def sentences(path, inputs):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(path, device="cpu")
    vectors = model.encode(inputs, convert_to_tensor=True)
    return {
        "embeddings": vectors.tolist(),
        "alone": [model.encode(one).tolist() for one in inputs],
        "similarities": model.similarity(vectors[:1], vectors[1:])[0].tolist(),
    }


def script(path, inputs):
    program = torch.jit.load(path).eval()
    with torch.no_grad():
        return [plain(program(*tensors(one))) for one in inputs]


def exported(path, inputs):
    program = torch.export.load(path).module()
    with torch.no_grad():
        if isinstance(inputs[0], dict):
            return [plain(program(**dict(zip(one, tensors(one))))) for one in inputs]
        return [plain(program(*tensors(one))) for one in inputs]


def tensors(one):
    if not isinstance(one, dict):
        return [torch.tensor(one, dtype=torch.float32)]
    return [torch.tensor(value, dtype=torch.int64 if name == "words" else torch.float32) for name, value in one.items()]


def plain(output):
    return [one.tolist() for one in output] if isinstance(output, tuple) else output.tolist()


CALLS = {
    "topics": pipeline("text-classification", top_k=None),
    "pair": pair,
    "names": words,
    "questions": answer,
    "gaps": pipeline("fill-mask"),
    "entailment": pipeline("zero-shot-classification", candidate_labels=["food", "sport", "weather"]),
    "entailment-each": pipeline(
        "zero-shot-classification", candidate_labels=["food", "sport", "weather"], multi_label=True
    ),
    "german": generate("AutoModelForSeq2SeqLM", max_new_tokens=12),
    "german-beams": generate("AutoModelForSeq2SeqLM", max_new_tokens=12, num_beams=3),
    "stories": generate("AutoModelForCausalLM", max_new_tokens=8),
    "stories-chance": generate("AutoModelForCausalLM", max_new_tokens=8, do_sample=True, temperature=1.5, seed=3),
    "vectors": features,
    "sentences": sentences,
    "script": script,
    "exported": exported,
}
if __name__ == "__main__":
    questions = json.loads(sys.argv[1])
    print(json.dumps({name: CALLS[kind](path, inputs) for name, kind, path, inputs in questions}, default=float))
