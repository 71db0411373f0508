"""A custom model: a folder with handler.py, which defines `load(path)` and `predict(model, input)`.

It may also define
- `predict(model, input, parameters)` instead, to get the request's parameters;
- `predict_batch(model, inputs)`: a list of results, for models that are faster with many inputs at once;
- `warmup(model)`: runs once before the first request;
- `schema`: a dict, or a function of the model that returns one, with any of `input`, `output` (JSON Schemas), `labels`
  and `task`.
An input that the model cannot take is `nimbus_runtime.frameworks.InputError(field, detail)`.
"""

import os
import sys
from importlib import machinery

from . import Failed, InputError


class _Model:
    def __init__(self, module, loaded):
        self.loaded = loaded
        self.schema = getattr(module, "schema", None)
        self.predict = module.predict
        self.predict_batch = getattr(module, "predict_batch", None)
        code = getattr(module.predict, "__code__", None)
        self.takes_parameters = code is not None and code.co_argcount > 2


def imports(path):
    """Nothing: what handler.py imports is known only to itself."""


class _SourceOnly(machinery.SourceFileLoader):
    """Runs what a .py file says now: a cache beside it, which others could write, is neither read nor written."""

    def path_stats(self, path):
        raise OSError  # the import system takes it for a source that no cache can be compared with


def _finder_below(folder):
    """What finds modules in `folder` and its packages, a hook of `sys.path_hooks`."""
    usual = machinery.FileFinder.path_hook(
        (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
        (_SourceOnly, machinery.SOURCE_SUFFIXES),
        (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
    )

    def find(path):
        if path != folder and not path.startswith(folder + os.sep):
            raise ImportError("not in the model's folder", path=path)
        return usual(path)

    return find


def load(path):
    sys.path_hooks.insert(0, _finder_below(path))
    sys.path.insert(0, path)
    import handler

    if os.path.dirname(os.path.abspath(handler.__file__)) != os.path.abspath(path):
        raise ImportError("import handler found %s instead of the model's own handler.py" % handler.__file__)
    for name in ("load", "predict"):
        if not callable(getattr(handler, name, None)):
            raise AttributeError("handler.py does not define %s" % name)
    model = _Model(handler, handler.load(path))
    if hasattr(handler, "warmup"):
        handler.warmup(model.loaded)
    return model


def predict(model, inputs, parameters):
    if parameters and not model.takes_parameters:
        name = next(iter(parameters))
        raise InputError("parameters." + name, "This model's predict(model, input) takes no parameters.")
    if model.predict_batch is not None and len(inputs) > 1 and not parameters:
        return list(model.predict_batch(model.loaded, inputs))
    more = (parameters,) if model.takes_parameters else ()
    return [_predict_one(model, value, more) for value in inputs]


def _predict_one(model, value, more):
    try:
        return model.predict(model.loaded, value, *more)
    except BaseException as error:  # the other inputs have nothing to do with it
        return Failed(error)


def card(model):
    schema = model.schema(model.loaded) if callable(model.schema) else model.schema
    known = {key: schema[key] for key in ("task", "input", "output", "labels") if key in schema} if schema else {}
    return dict({"task": "custom"}, **known)
