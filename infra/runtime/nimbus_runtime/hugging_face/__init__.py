"""What Hugging Face's text models are asked and answer, one module for each family of tasks.

Each task is a class with `predict(inputs, parameters)`, as a framework's, and `card()`, whichever library runs the model:
an Encoder of PyTorch or of ONNX Runtime gives it NumPy's arrays. Only those that generate text are PyTorch's alone. Texts
of nearly one length go through a model of PyTorch together, padded, where it then answers as it does without; ONNX Runtime
gets those of equal length, or any where the graph has a fixed shape and so pads every text.
"""
