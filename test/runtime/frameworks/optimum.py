"""Exports the samples of Hugging Face's tasks as Optimum does: model.onnx beside config.json and the tokenizer's files.

Takes the folder of the samples, the one to export into, and as JSON what is asked: `[name, kind, inputs]`. Prints, by kind,
what transformers makes of what ONNX Runtime answers: the library's own code, with the graph in the place of its model.
"""

import json
import os
import shutil
import sys
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.simplefilter("ignore")

import onnxruntime
import torch
import transformers
from transformers.modeling_outputs import (
    BaseModelOutput,
    MaskedLMOutput,
    QuestionAnsweringModelOutput,
    SequenceClassifierOutput,
    TokenClassifierOutput,
)

sys.path.insert(0, str(Path(__file__).parents[1]))
import expect_frameworks

SAMPLES, FOLDER = Path(sys.argv[1]), Path(sys.argv[2])
OUTPUTS = {
    "topics": (["logits"], SequenceClassifierOutput),
    "names": (["logits"], TokenClassifierOutput),
    "questions": (["start_logits", "end_logits"], QuestionAnsweringModelOutput),
    "gaps": (["logits"], MaskedLMOutput),
    "entailment": (["logits"], SequenceClassifierOutput),
    "vectors": (["last_hidden_state"], BaseModelOutput),
}
BY_TEXT = ("topics", "entailment")
"""Samples whose output has no dimension for the tokens."""


def export(name, outputs, folder, width=None):
    """With `width` of a fixed shape: two texts of as many tokens."""
    config = transformers.AutoConfig.from_pretrained(SAMPLES / name)
    model = getattr(transformers, config.architectures[0]).from_pretrained(SAMPLES / name, attn_implementation="eager")

    class Only(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask, token_type_ids):
            found = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
            return tuple(getattr(found, output) for output in outputs)

    folder.mkdir(parents=True)
    for file in SAMPLES.joinpath(name).glob("*.json"):
        shutil.copy(file, folder)
    ids = torch.ones((2, width or 8), dtype=torch.int64)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {one: {0: "batch_size", 1: "sequence_length"} for one in names}
    axes.update((one, {0: "batch_size"} if name in BY_TEXT else {0: "batch_size", 1: "sequence_length"}) for one in outputs)
    torch.onnx.export(
        Only().eval(),
        (ids, torch.ones_like(ids), torch.zeros_like(ids)),
        str(folder / "model.onnx"),
        input_names=names,
        output_names=outputs,
        dynamic_axes=axes if width is None else None,
        opset_version=17,
        dynamo=False,
    )


def through_graph(name):
    """Has transformers ask the graph of this sample from now on."""
    outputs, result = OUTPUTS[name]
    session = onnxruntime.InferenceSession(str(FOLDER / name / "model.onnx"))
    kind = getattr(transformers, transformers.AutoConfig.from_pretrained(SAMPLES / name).architectures[0])

    def forward(self, **inputs):
        feed = {one.name: inputs[one.name].numpy() for one in session.get_inputs()}
        return result(**dict(zip(outputs, map(torch.from_numpy, session.run(outputs, feed)))))

    kind.forward = forward


for sample, (made, _) in OUTPUTS.items():
    export(sample, made, FOLDER / sample)
for sample in ("questions", "gaps", "entailment", "names", "vectors"):
    export(sample, OUTPUTS[sample][0], FOLDER / ("fixed-" + sample), width=48)

answers = {}
for sample, call, inputs in json.loads(sys.argv[3]):
    through_graph(sample)
    answers[call] = expect_frameworks.CALLS[call](str(SAMPLES / sample), inputs)
print(json.dumps(answers, default=float))
