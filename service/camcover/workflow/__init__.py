"""Use cases that join rules, engine and store: price, compare, check coverage, run the rules' own tests.

What comes in: typed requests. What goes out: typed answers. The package knows nothing of the network or of protobuf.
"""
