"""A priced plan as people see it, on a page or on paper: names, sums, visits with their steps, charts, letters.

What comes in: a request and its estimate. What goes out: records of texts in the reader's language and amounts in
cents, and PDF files.
"""
