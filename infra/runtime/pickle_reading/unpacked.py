"""A file-like reader over data that is unpacked piece by piece."""


class Unpacked:
    """Packed data as a file: `_more` puts the next piece into `_ready`, or answers False where there is none."""

    def __init__(self, file):
        self._file = file
        self._ready = b""
        self._position = 0

    def read(self, count):
        parts = []
        while count > 0:
            if self._position == len(self._ready) and not self._more():
                break
            part = self._ready[self._position : self._position + count]
            self._position += len(part)
            count -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readline(self, most):
        parts = []
        while most > 0:
            if self._position == len(self._ready) and not self._more():
                break
            end = self._ready.find(b"\n", self._position, self._position + most)
            end = min(self._position + most, len(self._ready)) if end < 0 else end + 1
            part = self._ready[self._position : end]
            self._position = end
            most -= len(part)
            parts.append(part)
            if part.endswith(b"\n"):
                break
        return b"".join(parts)

    def _more(self):
        raise NotImplementedError
