"""Reading a pickle without running it: which names it would import, and what it says of itself."""


class Unreadable(Exception):
    """The file cannot be read to its end with certainty. `code` is stable, the message is for people."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
