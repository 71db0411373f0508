"""What the user agreed to, as the host says: the runtime never judges a model by its own look."""


def own_code():
    """Whether code that came with the model may run."""
    from . import handler

    return handler.function().get("ownCode") is True
