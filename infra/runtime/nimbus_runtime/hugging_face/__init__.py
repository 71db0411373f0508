"""What Hugging Face's text models are asked and answer, one module for each family of tasks.

Each task is a class with `predict(inputs, parameters)`, as a framework's, and `card()`, whichever library runs the model:
an Encoder of PyTorch or of ONNX Runtime gives it NumPy's arrays. Only those that generate text are PyTorch's alone. Texts
of equal length go through the model together; none is padded (but for a graph of a fixed shape), since padding changes
answers in their last digits.
"""
