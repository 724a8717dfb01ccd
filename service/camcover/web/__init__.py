"""Pages for patients over HTTP: what care would cost, whether it is covered, how plans compare.

What comes in: forms. What goes out: HTML in the reader's language, made by use cases of `workflow/`. What is
entered is kept only where a reader asks for it, and none of it stands in an address.
"""
