"""The kernel: compiled functions that adjudicate lines, and the arrays that they read and write.

`adjudication` takes one line after another through the parts, in this order: `pricing` (the allowed amount), `sums`
(accumulators and benefit periods), `selection` (which benefit applies), `usage` (limits), `cost_share` (what the member
and the plan pay), `uncovered` (what is not covered, and who bears it). `tables` and `codes` define the arrays and the
codes in them; `call` and `entry` are how Python calls the machine code; `workspace` holds the arrays of one thread.
"""
