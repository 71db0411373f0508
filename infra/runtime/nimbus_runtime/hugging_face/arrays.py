"""What the tasks compute of a model's outputs, in NumPy, which comes with every library that runs such models."""


def softmax(logits):
    """Probabilities along the last dimension."""
    import numpy

    powers = numpy.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def sigmoid(logits):
    import numpy

    with numpy.errstate(over="ignore"):  # beyond the largest power it is 0 all the same
        return 1 / (1 + numpy.exp(-logits))


def normalized(vectors):
    """Each vector, in the last dimension, as one of length 1; what has no length stays as it is."""
    import numpy

    return vectors / numpy.maximum(numpy.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def highest(values, count):
    """Positions of the `count` highest of a list of numbers, the highest first; of equal ones the first."""
    import numpy

    count = min(count, values.size)
    found = numpy.sort(numpy.argpartition(-values, count - 1)[:count])
    return found[numpy.argsort(-values[found], kind="stable")].tolist()
