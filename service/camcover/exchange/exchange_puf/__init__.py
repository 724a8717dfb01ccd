"""Plans of the federal exchanges as rule files: CMS's public use files on benefits and on plan attributes.

`cost_shares` and `limits` read the closed grammars of cells, `shared_limits` what explanations say of limits; `files`
reads rows into `records`; `terms` makes a draft of each plan, which `exchange/plan_text.py` writes.
"""
