"""The walk over a pickle's opcodes: a stack machine that keeps outlines of values and calls nothing.

It is stricter than Python's unpicklers wherever they differ among themselves (frames, what follows STOP), so that what
it read is what any of them would load.
"""

from . import Unreadable
from .arrays import WRAPPER_PARTS, WRAPPERS, dtype_of, set_dtype, skip_block
from .opcodes import STEPS, STOP
from .values import MARK, OPAQUE, Dtype, Global, Items, Thing, Wrapper, WrapperArguments

KEPT_TEXT_BYTES = 256
"""Longer strings are never names of modules, classes or fields."""

MOST_VALUES = 8_000_000
MOST_TEXT_BYTES = 256 << 20
"""Bounds on what is held at once; with both reached this process has about 1.5 GB."""

MOST_GLOBALS = 10_000
KEPT_TUPLE = 64


class Findings:
    """What the pickle told of itself."""

    def __init__(self):
        self.globals = {}  # in order; the value says whether the part after the module has a dot
        self.versions = {}
        self.arrays = 0
        self.protocol = None
        self.is_archive = False
        self.is_torch = False  # then pickles refer to tensors' data, which lies beside them
        self.operators = set()  # those of TorchScript code that are not PyTorch's own

    @property
    def is_begun(self):
        """Whether the file has said what it is: by its protocol, by a name that it imports, by its place in an archive."""
        return self.protocol is not None or bool(self.globals) or self.is_archive


class Machine:
    """Reads one pickle from a Source. `load()` answers with the outline of the value."""

    def __init__(self, source, findings, is_nested=False):
        self.source = source
        self.findings = findings
        self.is_nested = is_nested
        self.stack = []
        self.memo = {}
        self.protocol = 0
        self.frame_end = None
        self.text_bytes = 0

    def load(self):
        """Reads until STOP. Raises Unreadable."""
        read = self.source.read
        count = 0
        while True:
            code = read(1)
            if code == STOP:
                value = self.pop()
                if self.stack:
                    raise Unreadable("malformed", "Values are left over at its end.")
                self.check_frame(True)
                return value
            step = STEPS.get(code)
            if step is None:
                raise Unreadable("not-a-pickle", "Byte %d is not an opcode of a pickle." % (self.source.at - 1))
            step(self)
            if self.frame_end is not None:
                self.check_frame(False)
            count += 1
            if not count & 0xFFF:
                self.check_limits()

    def check_limits(self):
        self.source.check_time()
        if len(self.stack) + len(self.memo) > MOST_VALUES or self.text_bytes > MOST_TEXT_BYTES:
            raise Unreadable("too-large", "It holds more values than can be checked.")

    def check_frame(self, at_end):
        """Opcodes may not cross the end of a frame: unpicklers differ in what they read then."""
        if self.frame_end is None:
            return
        if self.source.at > self.frame_end or (at_end and self.source.at < self.frame_end):
            raise Unreadable("malformed", "A frame does not end where its opcodes do.")
        if self.source.at == self.frame_end:
            self.frame_end = None

    def push(self, value):
        self.stack.append(value)

    def pop(self):
        if not self.stack or self.stack[-1] is MARK:
            raise Unreadable("malformed", "It takes a value from an empty stack.")
        return self.stack.pop()

    def pop_to_mark(self):
        stack = self.stack
        at = len(stack) - 1
        while at >= 0 and stack[at] is not MARK:
            at -= 1
        if at < 0:
            raise Unreadable("malformed", "A mark is missing.")
        items = stack[at + 1 :]
        del stack[at:]
        return items

    def top(self):
        value = self.pop()
        self.stack.append(value)
        return value

    def uint(self, size):
        return int.from_bytes(self.source.read(size), "little")

    def text(self, size, make):
        """A string of `size` bytes: itself while it may be a name, else OPAQUE."""
        if size > KEPT_TEXT_BYTES:
            self.source.skip(size)
            self.push(OPAQUE)
            return
        data = self.source.read(size)
        self.text_bytes += size + 64
        try:
            self.push(make(data.decode("utf-8", "surrogatepass")))
        except UnicodeDecodeError:
            raise Unreadable("malformed", "A string is not UTF-8.")

    def line(self):
        return self.source.line(KEPT_TEXT_BYTES * 4)

    def found(self, module, name):
        """A name that is imported, as the loading Python will look it up."""
        if self.protocol < 3:
            module, name = _python3_name(module, name)
        whole = module + "." + name
        self.findings.globals.setdefault(whole, "." in name)
        if len(self.findings.globals) > MOST_GLOBALS:
            raise Unreadable("too-large", "It imports more than %d names." % MOST_GLOBALS)
        if any(part in whole for part in WRAPPER_PARTS) and (whole not in WRAPPERS or self.is_nested):
            raise Unreadable("strange-array", "It names joblib's array wrapper in a way that joblib would not.")
        self.push(Global(whole))

    def call(self, function, arguments):
        """The outline of `function(*arguments)`."""
        if isinstance(function, Global):
            name = function.name
            if name in WRAPPERS:
                raise Unreadable("strange-array", "It calls joblib's array wrapper.")
            if name == "numpy.dtype":
                return dtype_of(arguments)
            if name == "copyreg._reconstructor" and isinstance(arguments, tuple) and len(arguments) == 3:
                return self.instance(arguments[0], arguments[1:])
            self.keep(arguments)
            return Thing(name)
        self.keep(arguments)
        return OPAQUE

    def instance(self, kind, arguments):
        """The outline of `kind.__new__(kind, *arguments)`."""
        if not isinstance(kind, Global):
            self.keep(kind)
            return OPAQUE
        if kind.name in WRAPPERS:
            self.findings.arrays += 1
            return Wrapper()
        if kind.name.startswith("numpy.dtype"):
            raise Unreadable("strange-array", "It makes a numpy dtype in a way that numpy would not.")
        self.keep(arguments)
        return Thing(kind.name)

    def keep(self, value):
        """Refuses joblib's wrapper as a mere value: whatever gets it could make blocks that are not seen here."""
        if isinstance(value, (Wrapper, WrapperArguments)) or (isinstance(value, Global) and value.name in WRAPPERS):
            raise Unreadable("strange-array", "It passes joblib's array wrapper around.")
        return value

    def tuple(self, items):
        if len(items) == 3 and isinstance(items[0], Global) and items[0].name in WRAPPERS:
            self.push(WrapperArguments((items[0], self.keep(items[1]), self.keep(items[2]))))
            return
        for item in items:
            self.keep(item)
        self.push(OPAQUE if len(items) > KEPT_TUPLE else tuple(items))

    def build(self, target, state):
        """Sets the state of `target`; answers with what is on the stack afterwards."""
        if isinstance(target, Wrapper):
            if self.frame_end is not None and self.source.at != self.frame_end:
                raise Unreadable("malformed", "An array's block starts inside a frame.")
            self.frame_end = None
            skip_block(state, self.source, self.read_nested)
            return Thing("numpy.ndarray")
        if isinstance(target, Global):
            raise Unreadable("strange-build", "It changes %s itself." % target.name)
        if isinstance(target, Dtype):
            set_dtype(target, state)
            return target
        self.keep(state)
        if isinstance(target, Thing) and target.kind.startswith("numpy.dtype"):
            raise Unreadable("strange-array", "It sets a numpy dtype in a way that numpy would not.")
        if isinstance(state, Items) and isinstance(target, Thing):
            version = state.entries.get("_sklearn_version")
            if isinstance(version, str):
                self.findings.versions["_sklearn_version"] = str(version)
        return target

    def read_nested(self):
        Machine(self.source, self.findings, is_nested=True).load()


def _python3_name(module, name):
    import _compat_pickle

    if (module, name) in _compat_pickle.NAME_MAPPING:
        return _compat_pickle.NAME_MAPPING[(module, name)]
    return _compat_pickle.IMPORT_MAPPING.get(module, module), name
