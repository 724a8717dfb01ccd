"""Which services share a limit, where an explanation of the exchange's benefit file says so.

What comes in: the text beside a limit. What goes out: the benefits that it names as sharing one count, or nothing.
"20 visits each" is no shared limit. A text that says "combined" and names none of our benefits becomes a note.
"""

from __future__ import annotations

import re

__all__ = ["is_shared", "named_benefits"]

_SHARED = re.compile(r"\b(combined|combination|shared|aggregate)\b", re.IGNORECASE)
_EACH = re.compile(r"\b(each|separate(ly)?|not combined)\b", re.IGNORECASE)
_NAMES = {
    "acupuncture": re.compile(r"\bacupuncture\b", re.IGNORECASE),
    "chiropractic": re.compile(r"\b(chiropract\w*|manipulati\w+)\b", re.IGNORECASE),
    "massage": re.compile(r"\bmassages?\b", re.IGNORECASE),
}


def is_shared(explanation: str) -> bool:
    """Whether a text says that services share one count."""
    return bool(_SHARED.search(explanation)) and not _EACH.search(explanation)


def named_benefits(explanation: str) -> frozenset[str]:
    """The benefits of a file of ours that a text names."""
    return frozenset(name for name, words in _NAMES.items() if words.search(explanation))
