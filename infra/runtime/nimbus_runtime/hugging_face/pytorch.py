"""Models of transformers that PyTorch runs."""

from .encoding import Encoder, Outputs


class PyTorchEncoder(Encoder):
    """A tokenizer of transformers and its `model`."""

    def __init__(self, tokenizer, model):
        super().__init__(tokenizer, model.config, list(tokenizer.model_input_names))
        self.model = model
        self.can_pad = tokenizer.pad_token_id is not None and "attention_mask" in self.names

    def outputs(self, encodings):
        import torch

        width = len(encodings[-1]["input_ids"])
        fill = {
            "input_ids": self.tokenizer.pad_token_id,
            "token_type_ids": getattr(self.tokenizer, "pad_token_type_id", 0),
        }
        tensors = {
            name: torch.tensor([one[name] + [fill.get(name, 0)] * (width - len(one[name])) for one in encodings])
            for name in self.names
            if name in encodings[0]
        }
        with torch.inference_mode():
            return Outputs(_Arrays(self.model(**tensors)), width)


class _Arrays(dict):
    """Outputs as NumPy's arrays: those alone that are asked for."""

    def __init__(self, output):
        self.output = output

    def __missing__(self, name):
        self[name] = self.output[name].float().numpy()
        return self[name]
