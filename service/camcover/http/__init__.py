"""HTTP beside gRPC, in the same process and event loop: the Connect protocol, short paths, health and metrics.

Every call goes to the servicer that answers gRPC, by the same guards.
"""
