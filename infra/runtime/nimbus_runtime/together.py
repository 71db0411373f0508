"""Inputs through a model in one call, as long as each gets the answer that it gets alone.

Whether a model can do that is not written anywhere: it is tried on the first inputs, compared, and remembered. After
that one answer of each call is made alone as well.
"""

import sys

TOLERANCE = 5e-7
"""The most by which a number may differ in what is compared, half of what is promised of all numbers, 1e-6: the order in

which a processor adds up depends on how much it adds up.
"""

LEAST = 4
"""Fewer inputs gain nothing by one call, of which one is made alone as well."""


class Differs(ValueError):
    """Together the inputs do not get the answers that they get alone."""


class Together:
    """What is known of one model. `ways` by name: functions of a list of inputs to the list of their answers, which

    raise where they cannot. The first that answers as `alone` does is kept, for each `key` of its own: the kind of input.
    """

    def __init__(self):
        self._kept = {}
        self._calls = 0

    def is_refused(self, key):
        """Whether no way was found, or the one that was does not hold."""
        return key in self._kept and self._kept[key] is None

    def answers(self, key, values, alone, ways, close, at=None):
        """A list of answers, those of `alone(values)`; `close(one, other)` says whether two are the same.

        `at` says which is made alone as well; without it each has its turn.
        """
        if len(values) < LEAST or self.is_refused(key):
            return alone(values)
        if key not in self._kept:
            return self._first(key, values, alone, ways, close)
        try:
            found = _all_of(ways[self._kept[key]](values), values)
        except Exception:  # one of them may be at fault, which `alone` finds out
            return alone(values)
        self._calls += 1
        at = self._calls % len(values) if at is None else at
        [one] = alone(values[at : at + 1])
        if close(one, found[at]):
            return found
        self._kept[key] = None
        return alone(values)

    def _first(self, key, values, alone, ways, close):
        found = alone(values)
        good = [at for at, one in enumerate(found) if not _is_failed(one)]
        # Where all answers are the same, or there are few, nothing shows whether they depend on each other.
        if len(good) < LEAST or all(close(found[good[0]], found[at]) for at in good):
            return found
        self._kept[key] = None
        for name, way in ways.items():
            try:
                others = _all_of(way([values[at] for at in good]), good)
            except Exception:  # the model is not made for that
                continue
            if all(close(found[at], other) for at, other in zip(good, others)):
                self._kept[key] = name
                break
        return found


def _all_of(found, values):
    if len(found) != len(values):
        raise Differs("%d answers to %d inputs" % (len(found), len(values)))
    return found


def _is_failed(answer):
    from .frameworks import Failed

    return isinstance(answer, Failed)


def close(one, other):
    """Whether two tensors of PyTorch, two arrays of NumPy or two dicts of them are the same.

    Floats and complex numbers within TOLERANCE, all else exactly.
    """
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(value, other[name]) for name, value in one.items())
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if "float" in str(one.dtype) or "complex" in str(one.dtype):
        # Both libraries give the function this name and these arguments.
        library = sys.modules[type(one).__module__.partition(".")[0]]
        return library.allclose(one, other, rtol=0, atol=TOLERANCE, equal_nan=True)
    return bool((one == other).all())
