"""Publishing: rule files become an immutable release, if they have no error and their own tests pass.

`prepare` is the long part: it reads, checks, tests and compiles. It changes nothing, and may run in another process.
`publish` is one transaction.
"""

from __future__ import annotations

from typing import NamedTuple

from camcover.engine import compile_rules
from camcover.rulebook import Loaded, RuleSet, named_texts, release_id
from camcover.store import Compiled, Release, ReleaseStore
from camcover.workflow.errors import FileFault, RulesRefused
from camcover.workflow.release_rules import compiled
from camcover.workflow.rule_tests import run_tests

__all__ = ["Prepared", "Published", "prepare", "publish", "sound"]


class Prepared(NamedTuple):
    """Rules that can be published: files by name below their folder, and compiled."""

    digest: str
    files: dict[str, bytes]
    plan_count: int
    compiled: Compiled


class Published(NamedTuple):
    """A release, and whether it is new: the same files are the same release."""

    release: Release
    is_new: bool


def sound(loaded: Loaded) -> RuleSet:
    """The rules that were read. Raises `RulesRefused` with every error."""
    if loaded.rules is None:
        raise RulesRefused(tuple(FileFault(str(each.at), each.message) for each in loaded.errors))
    return loaded.rules


def prepare(loaded: Loaded) -> Prepared:
    """Everything that a release is made of. Raises `RulesRefused` with all errors, or all failed tests."""
    rules = sound(loaded)
    tables = compile_rules(rules)
    failed = run_tests(tables, rules).as_read(rules).failed
    if failed:
        raise RulesRefused(
            tuple(
                FileFault(each.place, f"test {each.name!r} of {each.plan} fails: {'; '.join(each.differences)}")
                for each in failed
            )
        )
    files = {name: text.encode() for name, text in named_texts(rules.texts).items()}
    return Prepared(rules.digest, files, len(rules.plans), compiled(tables))


def publish(store: ReleaseStore, prepared: Prepared, author: str, message: str) -> Published:
    """Keep rules as a release; nothing becomes active."""
    with store.writing() as ledger:
        found = ledger.release(release_id(prepared.digest))
        if found is not None:
            return Published(found, is_new=False)
        release = Release(
            id=release_id(prepared.digest),
            digest=prepared.digest,
            author=author,
            message=message,
            created_at=ledger.now(),
            parent=ledger.active(),
            file_count=len(prepared.files),
            plan_count=prepared.plan_count,
        )
        ledger.add_release(release, prepared.files, prepared.compiled)
    return Published(release, is_new=True)
