"""What a payer says of a member: X12 271 files as typed facts, the part of a request they state, and X12 270 out."""
