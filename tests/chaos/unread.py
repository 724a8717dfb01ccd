"""A client that begins calls and streams with large answers, reads none of them, says so, and waits to be killed."""

from __future__ import annotations

import sys
from typing import Any

import grpc

from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from chaos.load import asked
from chaos.overload import METHOD, batch

CONNECTIONS = 8
STREAMED = 500


def main(address: str) -> None:
    """Begin a large batch and a stream over each connection."""
    request = batch(1_000)
    begun = []
    for _ in range(CONNECTIONS):
        channel = grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        answers = EstimateServiceStub(channel).StreamEstimates(asked(f"{number}") for number in range(STREAMED))
        # The first answer shows that the stream has begun.
        next(answers)
        call: Any = channel.unary_unary(METHOD)
        begun += [channel, answers, call.future(request)]
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
