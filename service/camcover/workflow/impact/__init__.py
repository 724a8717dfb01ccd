"""The impact of a change of payer rules on a book of business: the book priced before and after, and compared.

What comes in: two compiled rule sets and a book in record batches. What goes out: an `Impact`, plain data, and the page
that shows it. The way: `batches` (one batch under both rule sets, in a thread) -> `comparing` (all of them added up) ->
`cases` (the largest changes line by line). What it finds (`records`) is read without PyArrow, which only comparing
needs.
"""

from camcover.workflow.impact.records import Impact

__all__ = ["Impact"]
