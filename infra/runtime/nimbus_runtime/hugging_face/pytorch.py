"""Models of transformers that PyTorch runs."""

from .encoding import Encoder


class PyTorchEncoder(Encoder):
    """A tokenizer of transformers and its `model`."""

    def __init__(self, tokenizer, model):
        super().__init__(tokenizer, model.config, list(tokenizer.model_input_names))
        self.model = model

    def outputs(self, encodings):
        import torch

        names = [name for name in self.names if name in encodings[0]]
        tensors = {name: torch.tensor([one[name] for one in encodings]) for name in names}
        with torch.inference_mode():
            return _Arrays(self.model(**tensors))


class _Arrays:
    """Outputs as NumPy's arrays: those alone that are asked for."""

    def __init__(self, output):
        self.output = output

    def __getitem__(self, name):
        return self.output[name].float().numpy()
