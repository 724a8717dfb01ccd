"""A service as processes on loopback whose processes, database and clients fail, and one under an even load."""
