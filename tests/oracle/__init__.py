"""The independent oracle: a second reading of docs/rule-language.md, slow and plain, sharing no code with the engine.

What comes in: rule documents as `yaml.load(text, Loader=yaml.BaseLoader)` gives them (every scalar a text), and an
EstimatePlanRequest as a mapping with the field names of the .proto. What goes out: the adjudicated lines and the sums
after the last of them, for the expected case only (no ranges). `adjudicate` takes rule sets and requests that are
valid; it checks neither. Where the page leaves a choice, a docstring says which reading is taken ("Reading: ...").
"""

from .adjudication import adjudicate

__all__ = ["adjudicate"]
