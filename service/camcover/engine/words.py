"""Words that do not exist, and the nearest that do."""

from __future__ import annotations

from collections.abc import Iterable

from camcover.engine.request import Violation
from camcover.rulebook.diagnostics import meant, nearest


def unknown_word(path: str, kind: str, word: str, words: Iterable[str]) -> Violation:
    """The violation for a word that does not exist, with the nearest that do."""
    close = nearest(word, list(words))
    return Violation(path, f"no {kind} {word!r}{meant(close)}", kind=kind, unknown=word, nearest=close)
