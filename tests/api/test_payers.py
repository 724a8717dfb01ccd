"""Rules authors of one payer: they publish and activate what is theirs, and nothing else, over the network."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest

from camcover.api.access import Access
from camcover.api.server import Server, Settings, Storage
from camcover.gen.camcover.v1 import rule_service_pb2 as messages
from camcover.gen.camcover.v1.rule_service_pb2_grpc import RuleServiceStub
from camcover.store import ReleaseStore, estimate_store, open_database
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_sqlite_database
from small_rules import COPAY_PLAN, TEXTS

OTHER = COPAY_PLAN.replace("payer: {id: example, name: Example Health}", "payer: {id: other, name: Other}")
CALLERS = {"boss": None, "ana": ["example"], "bob": ["other"]}


class Staff(NamedTuple):
    """The stub, and who calls by it."""

    stub: Any

    async def publish(self, name: str, copay: int = 20, share: int = 0, catalog: str = "") -> str:
        """Publish rules with such a copay and a comment in the share plan; gives the release."""
        texts = TEXTS | {
            "copay.yaml": OTHER.replace("copay: $20", f"copay: ${copay}"),
            "share.yaml": TEXTS["share.yaml"] + f"# {share}\n",
            "catalog.yaml": TEXTS["catalog.yaml"] + catalog,
        }
        files = [messages.RuleFile(name=f"rules/{name}", content=text.encode()) for name, text in texts.items()]
        request = messages.PublishReleaseRequest(rules=messages.RuleFiles(files=files), message="as agreed")
        return str((await self.stub.PublishRelease(request, metadata=self._by(name))).release.id)

    async def activate(self, name: str, release: str = "", **others: Any) -> str:
        """Activate a release; gives the one that was active before."""
        request = messages.ActivateReleaseRequest(release=release, reason="agreed", **others)
        return str((await self.stub.ActivateRelease(request, metadata=self._by(name))).activation.from_release)

    def _by(self, name: str) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {name}"),)


def entry(name: str, payers: list[str] | None) -> str:
    """The table of a caller whose token is their name."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    limit = f"payers = {payers}\n" if payers else ""
    return f'[[token]]\nsubject = "{name}"\nroles = ["rules.write"]\nsha256 = "{digest}"\n{limit}'


@asynccontextmanager
async def staffed(folder: Path) -> AsyncIterator[Staff]:
    """A service with nothing published."""
    tokens = folder / "tokens.toml"
    tokens.write_text("".join(entry(*each) for each in CALLERS.items()), encoding="utf-8")
    database = open_database(new_sqlite_database(folder / "camcover.sqlite"))
    rules = RulesInForce(releases=ReleaseRules(ReleaseStore(database)))
    storage = Storage(estimate_store(database), follows=True)
    server = Server(rules, storage, Settings(listen="127.0.0.1:0", drain_seconds=5), Access(tokens))
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Staff(RuleServiceStub(channel))
    await server.drain()
    database.close()


async def refused(call: Any) -> str:
    """What a refusal says."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    return str(caught.value.details())


async def test_an_author_changes_the_rules_of_one_payer_alone(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        first_by_bob = await refused(staff.publish("bob"))
        assert first_by_bob.endswith(
            "may change the rules of other; "
            "this would also change the rules of all payers, because no release is active yet"
        )
        first = await staff.publish("boss")
        assert (await refused(staff.activate("bob", first))).endswith("because no release is active yet")
        await staff.activate("boss", first)

        foreign = "bob may change the rules of other; this would also change the rules of example"
        assert await refused(staff.publish("bob", share=1)) == foreign
        assert await refused(staff.publish("bob", copay=25, share=1)) == foreign
        assert (await refused(staff.publish("bob", catalog="# mine\n"))).endswith("to no single payer: catalog.yaml")

        own = await staff.publish("bob", copay=25)
        assert await refused(staff.activate("ana", own)) == foreign.replace("bob", "ana").replace(
            "of other; this would also change the rules of example",
            "of example; this would also change the rules of other",
        )
        assert await staff.activate("bob", own) == first
        theirs = await staff.publish("ana", copay=25, share=1)
        assert await refused(staff.activate("bob", theirs)) == foreign
        assert await staff.activate("ana", theirs) == own
        # What was bob's own change to the first release would now undo ana's.
        assert await refused(staff.activate("bob", own)) == foreign
        assert await refused(staff.activate("bob", roll_back=True)) == foreign
        assert await staff.activate("ana", roll_back=True) == theirs


async def test_an_author_of_one_payer_schedules_nothing(tmp_path: Path) -> None:
    """Nor calls off what others have scheduled."""
    async with staffed(tmp_path) as staff:
        first = await staff.publish("boss")
        await staff.activate("boss", first)
        own = await staff.publish("bob", copay=25)
        later = datetime.now(UTC) + timedelta(days=1)
        said = (
            "bob may change the rules of other; this would also change what others decide until then; activate at once"
        )
        assert await refused(staff.activate("bob", own, effective_at=later)) == said
        await staff.activate("boss", own, effective_at=later)
        assert await refused(staff.activate("bob", cancel_number=2)) == said
        assert await staff.activate("boss", cancel_number=2) == first


async def test_a_decision_of_an_author_holds_for_what_they_looked_at(tmp_path: Path) -> None:
    """What is not there, or is not active, is told as to everybody."""
    async with staffed(tmp_path) as staff:
        await staff.activate("boss", await staff.publish("boss"))
        own = await staff.publish("bob", copay=25)
        for release, others, code in (
            ("rules-0000000000000000", {}, grpc.StatusCode.NOT_FOUND),
            (own, {"expected_active_release": "rules-0000000000000000"}, grpc.StatusCode.ABORTED),
            ("", {"roll_back": True}, grpc.StatusCode.FAILED_PRECONDITION),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await staff.activate("bob", release, **others)
            assert caught.value.code() is code
