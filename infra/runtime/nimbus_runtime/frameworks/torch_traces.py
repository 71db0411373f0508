"""The inputs that a program of TorchScript was traced with: PyTorch 2 keeps their shapes and types in the file."""

import collections
import pickle
import zipfile

MOST_BYTES = 1 << 20

_NAMES = {
    ("torch.jit._pickle", "restore_type_tag"): lambda value, _: value,
    ("torch._utils", "_rebuild_tensor_v2"): lambda storage, _offset, size, *_: (storage, list(size)),
    ("collections", "OrderedDict"): collections.OrderedDict,
}


class _Reader(pickle.Unpickler):
    """Makes no tensors, and nothing else than what is named above."""

    def find_class(self, module, name):
        if module == "torch" and name.endswith("Storage"):
            return name
        try:
            return _NAMES[module, name]
        except KeyError:
            raise pickle.UnpicklingError("%s.%s is no part of a tensor" % (module, name))

    def persistent_load(self, found):
        return found[1]


def traced_shapes(file):
    """The shape of each argument of `forward`, None for one that was no tensor; [] where the file does not say."""
    try:
        with zipfile.ZipFile(file) as archive:
            name = next(name for name in archive.namelist() if name.endswith("/traced_inputs.pkl"))
            if archive.getinfo(name).file_size > MOST_BYTES:
                return []
            with archive.open(name) as stream:
                inputs = _Reader(stream).load()["forward"]
        return [one[1] if isinstance(one, tuple) and isinstance(one[1], list) else None for one in inputs]
    except Exception:  # an example is not worth a failure, whatever somebody wrote into the file
        return []
