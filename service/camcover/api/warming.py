"""What is done before the first call, so that no call waits for what a process makes once.

Machine code is loaded, the rules of the .proto are compiled, the data of languages is read, and one request is priced
by the rules in force, from its message to the bytes of its answer. What a plan derives from its own words, it derives
when it is first asked: a service may have thousands of plans. The interpreter is set up for a service.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator

from google.protobuf.descriptor import Descriptor
from google.protobuf.message_factory import GetMessageClass

from camcover.api.estimates import estimate_bytes
from camcover.api.requests import estimate_request
from camcover.api.validation import make_ready, violations_of
from camcover.engine import InvalidRequest, Tables
from camcover.engine.kernel.call import load_kernel
from camcover.gen.camcover.v1 import request_pb2
from camcover.languages import language, languages
from camcover.workflow.pricing import price_many

__all__ = ["set_up_interpreter", "warm_rules", "warm_up"]

SWITCH_SECONDS = 0.0005
"""How long a thread keeps the interpreter's lock while another one waits for it; Python's own value is 5 ms.

The event loop asks for the lock each time that it comes back from the network. Beside threads that price batches it
would wait for 5 ms each time.
"""
NEW_OBJECTS = 20_000
"""How many objects are made before Python looks for cycles among them; its own number is 700.

One estimate makes a few thousand objects, and none of them is part of a cycle.
"""

_CHARGE_CENTS = 100_00
_MOST_THERAPIES = 3


def set_up_interpreter() -> None:
    """Set Python's lock and its search for cycles for a process that serves; what is there now is not searched again.

    To be called once the rules are loaded, so that they are not searched either.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])


def warm_up(asked: Iterable[Descriptor]) -> None:
    """Make what every call needs; `asked` are the messages that methods take."""
    load_kernel()
    for each in _with_parts(asked):
        make_ready(GetMessageClass(each)())
    for tag in languages():
        language(tag).warm()


def warm_rules(tables: Tables) -> None:
    """Price a request under the first plan of `tables`; the estimate is given to nobody."""
    plan_id = next(iter(tables.directory), "")
    if not plan_id:
        return
    message = _request(tables, plan_id)
    violations_of(message)
    (priced,) = price_many(tables, [estimate_request(message)])
    if not isinstance(priced, InvalidRequest):
        estimate_bytes(priced, message.request_id, message.language)


def _request(tables: Tables, plan_id: str) -> request_pb2.EstimatePlanRequest:
    """A request for visits of therapies of one benefit, on the first day of the plan's last edition, its sums known."""
    edition, codes = tables.plans[plan_id].editions[-1], tables.vocabulary.codes_of_therapy
    therapies = next((each.therapies for each in edition.benefits.values() if each.therapies), tuple(codes)[:1])
    day = edition.heading.effective.start.isoformat()
    items = []
    for therapy in therapies[:_MOST_THERAPIES]:
        procedures = [
            request_pb2.Procedure(code=code, charge_cents=_CHARGE_CENTS) for code in sorted(codes[therapy])[:1]
        ]
        charge_cents = None if procedures else _CHARGE_CENTS
        items.append(
            request_pb2.PlannedService(therapy=therapy, procedures=procedures, charge_cents=charge_cents, dates=[day])
        )
    sums = [request_pb2.AccumulatorUse(accumulator=name, used_cents=0) for name in edition.accumulators]
    members = [request_pb2.Member(id="1", accumulators=sums)]
    return request_pb2.EstimatePlanRequest(plan_id=plan_id, members=members, items=items, explain=True)


def _with_parts(messages: Iterable[Descriptor]) -> Iterator[Descriptor]:
    """Each message, and each that is part of one, once."""
    known: dict[str, Descriptor] = {}
    left = list(messages)
    while left:
        message = left.pop()
        if message.full_name not in known:
            known[message.full_name] = message
            left += [field.message_type for field in message.fields if field.message_type is not None]
    yield from known.values()
