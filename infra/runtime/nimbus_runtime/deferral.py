"""Importing less than a framework asks for: half of a cold start is modules that no prediction ever touches.

`defer` postpones the body of a module to its first use. `stand_in_during` and `absent_during` change what one module
sees of another that it imports only to know about it.
"""

import sys
from _thread import RLock

_LOCK = RLock()


def defer(name, taken=()):
    """Defers the body of the module `name` (absolute), if it is not imported yet, until an attribute of it is wanted.

    `taken` are those of its functions and classes that others take by `from name import function` when they are
    imported themselves: they get a stand-in that passes calls on to the real one. A name that is missing here costs
    the time of loading the module, nothing else.
    """
    if name not in sys.modules:
        _finder().deferred[name] = frozenset(taken)


def stand_in_during(name, other):
    """While the module `name` runs, `import <other>` gives a stand-in that imports the real one at its first use.

    Unlike a deferred module it leaves no trace in sys.modules, where frameworks look to see what their caller uses.
    """
    _finder().surroundings[name] = {other: _module_stand_in}


def absent_during(name, others):
    """While the module `name` runs, importing any of `others` fails as if it was not installed."""
    _finder().surroundings[name] = dict.fromkeys(others, lambda other: None)


def _finder():
    found = next((finder for finder in sys.meta_path if isinstance(finder, _Finder)), None)
    if found is None:
        found = _Finder()
        sys.meta_path.insert(0, found)
    return found


class _Finder:
    def __init__(self):
        self.deferred = {}
        self.surroundings = {}
        self.pending = {}

    def find_spec(self, name, path=None, target=None):
        if name in self.deferred:
            return self._wrap(name, path, target, lambda real: _Deferring(real, self.deferred[name], self.pending))
        if name in self.surroundings:
            return self._wrap(name, path, target, lambda real: _Surrounding(real, self.surroundings[name]))
        self.run(name.rpartition(".")[0])  # submodules rely on their package's body having run
        loaded = sys.modules.get(name)
        if loaded is None:
            return None
        # That body has imported it, and the import under way would run it a second time: the import system takes the
        # spec of what has come into sys.modules meanwhile, so that one leads back to it.
        loaded.__spec__ = type(loaded.__spec__)(name, _Loaded(loaded))
        return loaded.__spec__

    def run(self, name):
        """Runs the body of the module `name` if it is still to be run."""
        body = self.pending.get(name)
        if body is not None:
            body()

    def _wrap(self, name, path, target, loader):
        for finder in sys.meta_path:
            if finder is not self:
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    if spec.loader is not None:
                        spec.loader = loader(spec.loader)
                    return spec
        return None


class _Deferring:
    def __init__(self, real, taken, pending):
        self.real = real
        self.taken = taken
        self.pending = pending

    def create_module(self, spec):
        return self.real.create_module(spec)

    def exec_module(self, module):
        name = module.__name__
        self.pending[name] = lambda: self._run(module)

        def first_use(attribute):
            if attribute in self.taken and name in self.pending:
                return _StandIn(module, attribute)
            # Tools look through sys.modules for special names; none but these two are worth a load.
            if attribute.startswith("__") and attribute not in ("__version__", "__all__"):
                raise AttributeError(attribute)
            self._run(module)
            return getattr(module, attribute)

        module.__getattr__ = first_use

    def _run(self, module):
        with _LOCK:
            _finder().run(module.__name__.rpartition(".")[0])
            if self.pending.pop(module.__name__, None) is not None:
                del module.__getattr__
                module.__spec__.loader = module.__loader__ = self.real
                self.real.exec_module(module)


class _Loaded:
    """Finds what is in sys.modules already."""

    def __init__(self, module):
        self.module = module
        self.spec = module.__spec__

    def create_module(self, spec):
        return self.module

    def exec_module(self, module):
        module.__spec__ = self.spec


class _Surrounding:
    def __init__(self, real, others):
        self.real = real
        self.others = others

    def create_module(self, spec):
        return self.real.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self.real
        placed = {other: make(other) for other, make in self.others.items() if other not in sys.modules}
        sys.modules.update(placed)
        try:
            self.real.exec_module(module)
        finally:
            for other, stand_in in placed.items():
                if sys.modules.get(other, module) is stand_in:
                    del sys.modules[other]


class _StandIn:
    """A function or class of a module that has not run yet."""

    def __init__(self, module, name):
        self.__dict__.update(_module=module, __name__=name, __qualname__=name, __module__=module.__name__)

    def _real(self):
        _finder().run(self._module.__name__)
        return getattr(self._module, self.__name__)

    def __call__(self, *arguments, **named):
        return self._real()(*arguments, **named)

    def __getattr__(self, attribute):
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return getattr(self._real(), attribute)

    def __instancecheck__(self, instance):
        return isinstance(instance, self._real())


def _module_stand_in(name):
    if all(finder.find_spec(name, None) is None for finder in sys.meta_path):
        return None  # not installed: the import fails as it should
    stand_in = type(sys)(name)

    def forward(attribute):
        if attribute.startswith("__") and attribute != "__version__":
            raise AttributeError(attribute)
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]
        return getattr(__import__(name), attribute)

    stand_in.__getattr__ = forward
    return stand_in
