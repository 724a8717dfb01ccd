"""Compiling: checked rules to flat arrays and numbered words, and both to a file and back.

It imports `kernel` for the columns and codes; it knows nothing of requests but their types.
"""
