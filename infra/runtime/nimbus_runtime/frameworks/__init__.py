"""The frameworks, one module each, found by name: adding one is adding a file.

Each module defines

- `imports(path)`: imports the framework, as far as the model at `path` needs it;
- `load(path)`: the model, from its file or folder;
- `parameters(model)`: the nimbus_runtime.parameters.Parameters that the model takes; the card shows them. Without it
  `predict` gets what was sent, as it is;
- `predict(model, inputs, parameters)`: a list of results as long as the list `inputs`; `parameters` is a dict with a
  value for each of them. Raises InputError for what is wrong with an input, or with parameters whatever the input.
  What it raises fails the whole list, which is then tried again in parts; it may return Failed for single inputs
  instead;
- `card(model)`: a dict with `task`, `input` and `output` (JSON Schemas of one input and one result), `labels` and
  `frameworkVersion`, as far as they are known;
- optionally `check(model, input)`: raises the InputError that `predict` would raise for this input, without running the
  model. It is asked once `predict` has raised one for a list, so that one pass finds all that are bad;
- optionally `imports_during_load_s`: seconds of `load` that went into imports.
"""


class InputError(ValueError):
    """An input that the model cannot take: answered with 400 and `detail`.

    `field` starts with `input` or `parameters`: `input.age`, `input[3]`, `parameters.full`.
    """

    def __init__(self, field, detail):
        super().__init__(detail)
        self.field = field
        self.detail = detail


class Failed:
    """In the place of a result: what was raised for this one input."""

    def __init__(self, error):
        self.error = error


def find(name):
    """The module of the framework `name`. Raises ModuleNotFoundError where there is none."""
    return __import__(__name__ + "." + name, fromlist=["predict"])
