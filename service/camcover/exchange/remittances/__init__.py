"""How right estimates were: X12 835 remittances beside estimates, line by line, and what explains a difference."""
