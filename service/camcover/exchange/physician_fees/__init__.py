"""The Medicare physician fee schedule as rule files: relative values, times the locality's index, times the factor.

`relative_values` and `localities` read CMS's files into `records`; `amounts` is CMS's formula; `terms` makes a draft of
each locality's fees, which `exchange/fees_text.py` writes.
"""
