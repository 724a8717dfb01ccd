"""Medicare Advantage plans as rule files: from the plan finder's tables, and from CMS's plan benefit package (PBP).

`table` and `pbp` read files into `records`; `terms` makes a draft of each plan, which `exchange/plan_text.py` writes.
"""
