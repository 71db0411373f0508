"""Reading a request's `parameters`: each of them is checked, and what is wrong is answered with 400 and its name."""

from .contract import json_type
from .frameworks import InputError


def boolean(parameters, name, default=False):
    """A parameter that is true or false. Raises InputError."""
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise InputError("parameters." + name, "%s must be true or false, not %s." % (name, json_type(value)))
    return value


def integer(parameters, name, default, least, most):
    """A whole number from `least` to `most`; `default` (which may be None) where it is not given. Raises InputError."""
    if name not in parameters:
        return default
    value = parameters[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InputError("parameters." + name, "%s must be a whole number from %d to %d." % (name, least, most))
    return value


def number(parameters, name, default, least, most):
    """A number above `least` and up to `most`; `default` (which may be None) where it is not given. Raises InputError."""
    if name not in parameters:
        return default
    value = parameters[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least < value <= most:
        raise InputError("parameters." + name, "%s must be a number above %g and up to %g." % (name, least, most))
    return float(value)


def choice(parameters, name, default, known):
    """One of the strings in `known`. Raises InputError."""
    value = parameters.get(name, default)
    if value not in known:
        raise InputError("parameters." + name, "%s must be one of %s." % (name, ", ".join(known)))
    return value


def text(parameters, name, default=None):
    """A string. Raises InputError."""
    value = parameters.get(name, default)
    if name in parameters and not isinstance(value, str):
        raise InputError("parameters." + name, "%s must be a string, not %s." % (name, json_type(value)))
    return value


def texts(parameters, name, most):
    """A list of one to `most` different strings. Raises InputError, also where it is not given."""
    value = parameters.get(name)
    field = "parameters." + name
    if not isinstance(value, list) or not value or not all(isinstance(one, str) and one.strip() for one in value):
        raise InputError(field, "%s must be a list of texts." % name)
    if len(value) > most or len(set(value)) < len(value):
        raise InputError(field, "%s must be at most %d different texts." % (name, most))
    return value
