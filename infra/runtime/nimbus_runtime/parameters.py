"""What a model takes as a request's `parameters`: declared once, as the JSON Schema that the card shows.

The same schema reads a request: what is wrong is answered with 400 and the parameter's name, and what is not given has
its default. Only the keywords that the functions below write are known.
"""

import json

from .contract import json_type
from .frameworks import InputError


STREAM = "stream"
NO_STREAM = "Answers come whole: sending a text token by token comes later. Leave stream out."


class Parameters:
    """Schemas by name. `required` are those without which there is no answer, each with `examples`."""

    def __init__(self, properties, required=(), example=None):
        self.properties = properties
        self.required = tuple(required)
        self.example = example

    def schema(self):
        """The JSON Schema of the object."""
        found = {"type": "object", "properties": self.properties, "additionalProperties": False}
        if self.required:
            found["required"] = list(self.required)
        if self.example is not None:
            found["examples"] = [self.example]
        return found

    def read(self, given):
        """The value of each parameter; None for one that was not given and has no default. Raises InputError."""
        for name in given:
            if name == STREAM and name not in self.properties:
                raise InputError("parameters." + name, NO_STREAM)
            if name not in self.properties:
                takes = "takes " + ", ".join(self.properties) if self.properties else "takes no parameters"
                raise InputError("parameters." + name, "There is no parameter %s: this model %s." % (name, takes))
        for name in self.required:
            if name not in given:
                shown = json.dumps({name: self.properties[name]["examples"][0]}, ensure_ascii=False)
                raise InputError("parameters." + name, '%s is missing: send "parameters": %s.' % (name, shown))
        return {
            name: _read(name, schema, given[name]) if name in given else schema.get("default")
            for name, schema in self.properties.items()
        }


NONE = Parameters({})
"""Of a model that takes no parameters."""


def boolean(description, default=False):
    """True or false; with the default None it may be left to the model."""
    return _schema("boolean", description, default)


def integer(description, default, least, most):
    """A whole number from `least` to `most`; `default` may be None."""
    return dict(_schema("integer", description, default), minimum=least, maximum=most)


def number(description, default, above, most):
    """A number above `above` and up to `most`; `default` may be None."""
    return dict(_schema("number", description, default), exclusiveMinimum=above, maximum=most)


def choice(description, default, known):
    """One of the strings in `known`; `default` may be None."""
    return dict(_schema("string", description, default), enum=list(known))


def text(description, default=None):
    """A string."""
    return _schema("string", description, default)


def texts(description, most, example):
    """A list of one to `most` different strings."""
    limits = {"items": {"type": "string"}, "minItems": 1, "maxItems": most, "uniqueItems": True, "examples": [example]}
    return dict(_schema("array", description, None), **limits)


def _schema(kind, description, default):
    found = {"type": kind, "description": description}
    if default is not None:
        found["default"] = default
    return found


def _read(name, schema, value):
    fault = _FAULTS[schema["type"]](schema, value)
    if fault is not None:
        raise InputError("parameters." + name, "%s must be %s." % (name, fault))
    return float(value) if schema["type"] == "number" else value


def _boolean_fault(schema, value):
    return None if isinstance(value, bool) else "true or false, not " + json_type(value)


def _integer_fault(schema, value):
    least, most = schema["minimum"], schema["maximum"]
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return None if is_whole and least <= value <= most else "a whole number from %d to %d" % (least, most)


def _number_fault(schema, value):
    above, most = schema["exclusiveMinimum"], schema["maximum"]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return None if is_number and above < value <= most else "a number above %g and up to %g" % (above, most)


def _text_fault(schema, value):
    known = schema.get("enum")
    if known is not None:
        return None if isinstance(value, str) and value in known else "one of " + ", ".join(known)
    return None if isinstance(value, str) else "a string, not " + json_type(value)


def _texts_fault(schema, value):
    if not isinstance(value, list) or not value or not all(isinstance(one, str) and one.strip() for one in value):
        return "a list of texts"
    most = schema["maxItems"]
    return None if len(value) <= most and len(set(value)) == len(value) else "at most %d different texts" % most


_FAULTS = {
    "boolean": _boolean_fault,
    "integer": _integer_fault,
    "number": _number_fault,
    "string": _text_fault,
    "array": _texts_fault,
}
