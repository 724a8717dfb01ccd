"""What payer rules decide, worked out from the records for every line at once, without a single estimate.

What comes in: a checked rule set. What goes out: tables of decisions (`table`), and findings: services that a plan does
not speak of, benefits that overlap or never apply (`findings`), limits that never bite (`limits`). The way: `services`
-> `criteria` -> `cells` -> `decisions`. Nothing is sampled: values that no rule tells apart stand for each other.
"""
