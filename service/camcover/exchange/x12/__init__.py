"""X12 files (EDI of health insurers) as segments with their places, and the words that several transactions share."""
