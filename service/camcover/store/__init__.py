"""What outlives a call: estimates by name and by the caller's request id.

What comes in: bytes and their keys. What goes out: the same bytes. SQLite by default, through SQLModel; it knows
nothing of the network or of protobuf.
"""

from camcover.store.estimates import EstimateStore, StoredEstimate, open_store

__all__ = ["EstimateStore", "StoredEstimate", "open_store"]
