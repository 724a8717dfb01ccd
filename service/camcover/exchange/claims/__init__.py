"""Claims of providers (X12 837P) as requests for an estimate."""
