"""What payer rules decide, worked out from the records for every line at once, without an estimate.

What comes in: a checked rule set. What goes out: tables of decisions (`table`) and findings: services that a plan does
not name, benefits that overlap or never apply (`findings`), limits that never refuse or cut anything (`limits`). The
steps: `services` -> `criteria` -> `cells` -> `decisions`. Nothing is sampled: of values that no rule distinguishes, one
represents all.
"""
