"""What stands for a pickle's values while it is read: never more than their outline, never their real type."""


class Opaque:
    """A value that nothing needs to know: a number, a long string, the contents of a list, the result of a call."""

    __slots__ = ()


OPAQUE = Opaque()


class Mark:
    """Where a list of arguments starts on the stack."""

    __slots__ = ()


MARK = Mark()


class Name(str):
    """A string that GLOBAL's binary form may use: it stood in the file as it is, not escaped."""

    __slots__ = ()


class Global:
    """A name that the pickle imports."""

    __slots__ = ("name",)

    def __init__(self, name):
        self.name = name


class Thing:
    """An instance of `kind`, the name of its class or of the callable that made it."""

    __slots__ = ("kind",)

    def __init__(self, kind):
        self.kind = kind


class Items:
    """A dict: its entries with string keys, as long as there are few of them."""

    __slots__ = ("entries", "whole")
    MOST = 128

    def __init__(self):
        self.entries = {}
        self.whole = True

    def put(self, key, value):
        if isinstance(key, str) and len(self.entries) < self.MOST:
            self.entries[key] = value
        else:
            self.whole = False


class Wrapper:
    """joblib's NumpyArrayWrapper: the bytes of an array follow it in the file once its state is set."""

    __slots__ = ()


class WrapperArguments(tuple):
    """The arguments with which protocols 0 and 1 make a Wrapper; good for nothing else."""

    __slots__ = ()


class Dtype:
    """A numpy dtype. `size` is its bytes per item; `objects` says whether arrays of it are pickles of their own."""

    __slots__ = ("size", "objects", "is_set")

    def __init__(self, size, objects):
        self.size = size
        self.objects = objects
        self.is_set = False
