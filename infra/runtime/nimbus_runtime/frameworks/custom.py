"""A custom model: a folder with handler.py, which defines `load(path)` and `predict(model, input)`.

It may also define
- `predict(model, input, parameters)` instead, to get the request's parameters;
- `predict_batch(model, inputs)`: a list of results, for models that are faster with many inputs at once; it may hold
  `nimbus_runtime.frameworks.Failed(error)` in the place of single results;
- `warmup(model)`: runs once before the first request;
- `schema`: a dict, or a function of the model that returns one, with any of `input`, `output`, `parameters` (JSON
  Schemas), `labels` and `task`.
Each may be `async def`. An input that the model cannot take is `nimbus_runtime.frameworks.InputError(field, detail)`.
"""

import os
import sys
from importlib import machinery

from .. import results
from ..parameters import NONE
from . import Failed, InputError

CALLS = {
    "load": ("load(path)", 1, 1),
    "predict": ("predict(model, input)", 2, 3),
    "predict_batch": ("predict_batch(model, inputs)", 2, 2),
    "warmup": ("warmup(model)", 1, 1),
}
"""How each function is called: with how many arguments at least and at most."""

SCHEMA_TYPES = {
    "task": (str, "a string"),
    "input": (dict, "a dict"),
    "output": (dict, "a dict"),
    "labels": (list, "a list"),
    "parameters": (dict, "a dict"),
}
"""What a schema may hold, of which type and how that is called."""

VARIABLE_ARGUMENTS = 0x04
"""The flag of a code object whose function takes `*arguments`."""


class _Model:
    def __init__(self, module, loaded):
        self.loaded = loaded
        self.schema = getattr(module, "schema", None)
        self.predict = module.predict
        self.predict_batch = getattr(module, "predict_batch", None)
        self.takes_parameters = (_arguments(module.predict) or (0, 0))[1] > 2
        self.has_miscounted = False


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
        _check_function(handler, name)
    for name in ("predict_batch", "warmup"):
        if hasattr(handler, name):
            _check_function(handler, name)
    model = _Model(handler, _finish(handler.load(path)))
    if hasattr(handler, "warmup"):
        _finish(handler.warmup(model.loaded))
    return model


def _check_function(handler, name):
    """Says at the start, and not to every caller, what is wrong with a function of handler.py."""
    function = getattr(handler, name, None)
    call, least, most = CALLS[name]
    if function is None:
        raise AttributeError("handler.py does not define %s%s" % (call, _method_hint(handler, name)))
    if not callable(function):
        raise TypeError("%s in handler.py must be a function, %s, not %s" % (name, call, _kind(function)))
    counts = _arguments(function)
    if counts is None:
        return
    needs, takes = counts
    if needs > most or (takes < least and not function.__code__.co_flags & VARIABLE_ARGUMENTS):
        counted = "1 argument" if takes == 1 else "%d arguments" % takes
        raise TypeError("%s in handler.py takes %s; it is called as %s" % (name, counted, call))


def _arguments(function):
    """How many arguments a function needs, and how many it has names for; None for a class, an object or C's."""
    code = getattr(function, "__code__", None)
    if code is None:
        return None
    takes = code.co_argcount - (1 if hasattr(function, "__self__") else 0)
    return takes - len(function.__defaults__ or ()), takes


def _method_hint(handler, name):
    """What to write where a class of handler.py has the function as a method."""
    for value in vars(handler).values():
        if isinstance(value, type) and value.__module__ == handler.__name__ and callable(getattr(value, name, None)):
            made, asked = "load(path): return %s(...)" % value.__name__, "predict(model, input): return model.predict(input)"
            return ", only the class %s does: add functions beside it, def %s and def %s" % (value.__name__, made, asked)
    return ""


def predict(model, inputs, parameters):
    if parameters and not model.takes_parameters:
        name = next(iter(parameters))
        raise InputError("parameters." + name, "This model's predict(model, input) takes no parameters.")
    if model.predict_batch is not None and len(inputs) > 1 and not parameters:
        found = list(_finish(model.predict_batch(model.loaded, inputs)))
        if len(found) != len(inputs) and not model.has_miscounted:
            model.has_miscounted = True
            _say(
                "predict_batch returned %d results for %d inputs, which are asked in smaller parts now; "
                "it must return one result for each, in their order" % (len(found), len(inputs))
            )
        return found
    more = (parameters,) if model.takes_parameters else ()
    return [_predict_one(model, value, more) for value in inputs]


def _predict_one(model, value, more):
    try:
        return _finish(model.predict(model.loaded, value, *more))
    except BaseException as error:  # the other inputs have nothing to do with it
        return Failed(error)


def card(model):
    # What its parameters may be only handler.py knows; a predict without an argument for them takes none.
    own = {"task": "custom"} if model.takes_parameters else {"task": "custom", "parameters": NONE.schema()}
    schema = _finish(model.schema(model.loaded)) if callable(model.schema) else model.schema
    if schema is None:
        return own
    if not isinstance(schema, dict):
        raise TypeError("schema in handler.py must be a dict, or a function that returns one, not %s" % _kind(schema))
    known = {}
    for key, (wanted, name) in SCHEMA_TYPES.items():
        if schema.get(key) is None:
            continue
        value = list(schema[key]) if isinstance(schema[key], tuple) else schema[key]
        if not isinstance(value, wanted):
            raise TypeError("schema[%r] in handler.py must be %s, not %s" % (key, name, _kind(value)))
        known[key] = value
    try:
        return dict(own, **results.plain(known, "schema"))
    except results.NotJson as fault:
        raise TypeError("schema in handler.py: " + fault.detail)


def _say(text):
    os.write(2, ("nimbus: %s\n" % text).encode())  # the handler may have closed the stream or put another in its place


def _kind(value):
    """What a value is, in an error's sentence: `the class X`, `a list`."""
    if isinstance(value, type):
        return "the class " + value.__name__
    return "None" if value is None else "a value of type " + type(value).__name__


_loop = None


def _finish(value):
    """`value`, or what it comes to where a function of handler.py is `async def`.

    One event loop for the life of the worker, since what `load` opens in it is used in every `predict`.
    """
    if not hasattr(value, "__await__"):
        return value
    global _loop
    import asyncio

    if _loop is None:
        _loop = asyncio.new_event_loop()
        asyncio.set_event_loop(_loop)
    return _loop.run_until_complete(value)
