"""A synthetic book of business: members drawn at random for the plans of a rule set. No real person is in it.

What comes in: checked rules, the number of members, a seed. What goes out: record batches of `bulk.REQUEST_SCHEMA`. The
steps: `profiles` (what a plan's members may look like) -> `drawing` (members, batch by batch).
"""

from camcover.workflow.synthetic_book.drawing import synthetic_book
from camcover.workflow.synthetic_book.profiles import WrongBook, book_date

__all__ = ["WrongBook", "book_date", "synthetic_book"]
