"""The entry on AWS Lambda: importing this module is the function's initialisation; `handle` is the handler's name."""

from time import perf_counter

STARTED = perf_counter()

from .handler import handle, initialise  # noqa: E402  (the clock starts before the imports)

__all__ = ["handle"]

initialise(STARTED)
