"""Asking: a typed request to the rows that the kernel reads, or every violation in it; and the cases of its open facts.

`asked` makes lines of it, `layout` and `given` rows, `adjudicator` calls the kernel, `coordination` settles a second
plan. `openness`, `alternatives`, `cases` and `ranges` find what may be otherwise. `violations` says what is wrong.
"""
