"""What Hugging Face's text models are asked and answer, one module for each family of tasks.

Each task is a class with `predict(inputs, parameters)`, as a framework's, and `card()`. Texts of equal length go through
the model together; none is ever padded, since padding changes answers in their last digits.
"""
