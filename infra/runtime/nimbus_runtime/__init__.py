"""Nimbus's function: the same Python handler on every target, on nothing but the standard library."""
