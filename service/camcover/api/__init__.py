"""The gRPC service: translate messages to typed requests and answers back, and nothing more.

What comes in: bytes over HTTP/2. What goes out: bytes. The way: `validation` (the rules in the .proto) -> `requests`
(message -> typed request) -> a use case of `workflow` -> `estimates` (typed answer -> message). `errors` gives every
refusal its status and its details; `server` bounds, drains and reports health.
"""

from __future__ import annotations

import os

# gRPC reads this when it is imported. Otherwise it writes lines that are not JSON into the log's stream: one about each
# failed handshake, and one when a drain ends the listening.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
