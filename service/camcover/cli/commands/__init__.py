"""What each command takes: its arguments, its options and its help. `cli/declaring.py` finds the work."""
