"""Transparency in Coverage files of payers as fee files: negotiated rates, and amounts allowed outside the network.

`in_network` and `allowed_amounts` read a file value by value, of the schemas 1.x and 2.x; `providers` and `prices`
judge what they find; `terms` makes a draft of the amounts, which `exchange/fees_text.py` writes.
"""
