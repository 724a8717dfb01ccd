"""The impact of a change of payer rules: a book of business is priced before and after, and compared.

What comes in: two compiled rule sets and a book in record batches. What goes out: an `Impact`, plain data, and a page
that shows it. The steps: `batches` (one batch under both rule sets, in a thread) -> `comparing` (adds up all batches)
-> `cases` (the largest changes, line by line). Reading the results (`records`) needs no PyArrow; only comparing does.
"""

from camcover.workflow.impact.records import Impact

__all__ = ["Impact"]
