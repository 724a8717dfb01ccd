"""Finds rows in which a code precedes a code that it waits for (docs/rule-language.md, point 48).

What comes in: the items of a batch. What goes out: the rows whose lines need another order; they are priced as single
requests.
"""

from __future__ import annotations

import numpy as np

from camcover.bulk.columns import Ints, Lists, coded
from camcover.engine.asking.code_order import do_codes_wait
from camcover.engine.compiling.vocabulary import Vocabulary


def rows_out_of_order(vocabulary: Vocabulary, items: Lists, owner: Ints) -> list[int]:
    """The rows, by number; `owner`: the row of each item."""
    if not vocabulary.ranks or not len(owner):
        return []
    codes = coded(items.values.field("code"))
    ranks = codes.numbers(lambda word: vocabulary.ranks.get(word, 0), null=0)
    falls = (np.diff(ranks) < 0) & (owner[1:] == owner[:-1])
    found = []
    for row in np.unique(owner[1:][falls]).tolist():
        places = codes.places[items.offsets[row] : items.offsets[row + 1]]
        words = [codes.words[place] if place >= 0 else "" for place in places.tolist()]
        if do_codes_wait(words, vocabulary.waits_for):
            found.append(row)
    return found
