"""Fuzzers of the wire and of rule files: what goes in by chance, and what may never come out."""
