"""Pages for staff under `/staff/`: sign-in, and what reads the rules, compares them and rolls them back.

What comes in: GETs and forms of people who have shown a token. What goes out: HTML in English, made by use cases of
`workflow/`. Every change is refused without the role for it, from another site, and without the form's own token.
"""
