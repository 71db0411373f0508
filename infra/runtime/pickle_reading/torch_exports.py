"""The JSON of torch.export's archives: what PyTorch would look up, evaluate or unpickle on its word.

Sizes that are not fixed are kept as expressions, and PyTorch hands these to sympy, which evaluates them as Python. So
only symbols and the functions that PyTorch itself writes may stand in them.
"""

import json
import re

from . import Unreadable

OWN_OPERATORS = ("aten", "prim", "prims", "quantized", "quantized_decomposed", "higher_order", "inductor", "_caffe2", "torch")

HARMLESS_TARGET = re.compile(r"(?:_operator\.[a-z_]+|math\.[a-z0-9_]+|torch\.sym_[a-z_]+|torch\._sym_[a-z_]+|#[\w:.]+)\Z")
REACHING = ("_operator.attrgetter", "_operator.methodcaller", "_operator.itemgetter", "_operator.call")
OPERATOR = re.compile(r"torch\.ops\.(\w+)\.(\w+)(?:\.\w+)?\Z")
FILES = ("from_file", "save")

SYMBOL = re.compile(r"[a-z]{1,3}\d+\Z")
WRITTEN_SYMBOL = re.compile(r"\bSymbol\('([a-z]{1,3}\d+)'")
FUNCTIONS = frozenset(
    "Abs Add And CeilDiv CeilToInt CleanDiv Eq False Float FloatPow FloatTrueDiv FloorDiv FloorToInt Ge Gt Identity "
    "IntTrueDiv Integer IsNonOverlappingAndDenseIndicator LShift Le Lt Max Min Mod ModularIndexing Mul Ne Not OpaqueUnaryFn_sqrt "
    "Or Pow PowByNatural PythonMod RShift Rational RoundDecimal RoundToInt Symbol ToFloat True TruncToFloat TruncToInt Where "
    "ceiling floor int_oo integer negative nonnegative oo positive precision real sqrt zero zoo".split()
)
CHARACTERS = re.compile(r"[\w\s+\-*/%()<>=!&|~.,]*\Z", re.ASCII)
WORD = re.compile(r"[^\W\d]\w*")

RAW_NAME = re.compile(r"(?:weight|tensor)_\d+\Z")

MOST_BYTES = 256 << 20
LONGEST_VERSION = 80


class Documents:
    """What the JSON files of one archive say. `raw` are the names of files that hold nothing but numbers."""

    def __init__(self, findings):
        self.findings = findings
        self.raw = set()
        self.pickled = set()

    def read(self, name, data):
        """Reads one JSON file. Raises Unreadable."""
        if len(data) > MOST_BYTES:
            raise Unreadable("too-large", "Its description is too long to be checked.")
        try:
            document = json.loads(data.decode("utf-8"))
            self._walk(document)
            self._version(document)
        except (ValueError, RecursionError):
            raise Unreadable("damaged", "%s in the archive is not JSON." % name)

    def _version(self, document):
        """Of the PyTorch that wrote it: `2.15.0+cu132`."""
        version = document.get("torch_version") if isinstance(document, dict) else None
        if isinstance(version, str) and len(version) < LONGEST_VERSION:
            self.findings.versions["torch_version"] = version

    def is_raw(self, name):
        """Whether a file is loaded as numbers, without unpickling."""
        return name in self.raw and name not in self.pickled

    def _walk(self, root):
        waiting = [root]
        while waiting:
            value = waiting.pop()
            if isinstance(value, list):
                waiting += value
            elif isinstance(value, dict):
                self._look_at(value)
                waiting += value.values()

    def _look_at(self, value):
        if "path_name" in value:
            name = value["path_name"]
            is_raw = value.get("use_pickle") is False and isinstance(name, str) and RAW_NAME.match(name)
            (self.raw if is_raw else self.pickled).add(name if isinstance(name, str) else "")
        if isinstance(value.get("target"), str) and "inputs" in value:
            self._target(value["target"])
        if "expr_str" in value:
            _check_expression(value["expr_str"])
        ranges = value.get("range_constraints")
        for expression in ranges if isinstance(ranges, dict) else ():
            _check_expression(expression)

    def _target(self, target):
        operator = OPERATOR.match(target)
        if operator is None:
            if not HARMLESS_TARGET.match(target) or target in REACHING:
                self.findings.globals.setdefault(target, False)
        elif operator.group(2) in FILES:
            self.findings.globals.setdefault("torch." + operator.group(2), False)
        elif operator.group(1) not in OWN_OPERATORS:
            self.findings.operators.add("%s.%s" % operator.groups())


def _check_expression(text):
    if isinstance(text, str):
        text = WRITTEN_SYMBOL.sub(r"Symbol(\1", text)
    if isinstance(text, str) and CHARACTERS.match(text) and "__" not in text:
        if all(word in FUNCTIONS or SYMBOL.match(word) for word in WORD.findall(text)):
            return
    raise Unreadable("strange-expression", "It holds a size that is not plain arithmetic, which PyTorch would run as code.")
