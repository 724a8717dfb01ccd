"""Exceptions on the way between processes: every class of the package comes back as it was."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from multiprocessing.reduction import ForkingPickler

import pytest

import camcover.errors
from camcover.api.errors import Refused, overloaded
from camcover.engine import InvalidRequest, Violation
from camcover.errors import CamcoverError
from camcover.refusals import Refusal
from camcover.store import OutdatedDatabase
from camcover.workflow.errors import FourEyesNeeded, NoActiveRelease, ReleaseUnusable, UnknownPlan

WITHOUT = ("camcover.gen", "camcover.bulk.spark", "camcover.store.migrations", "camcover.__main__")


def modules() -> Iterator[str]:
    """The modules of the package, but for generated ones and programs."""
    for each in pkgutil.walk_packages(camcover.__path__, "camcover."):
        if not each.name.startswith(WITHOUT):
            yield each.name


def exceptions() -> list[type[Exception]]:
    """Every exception class that the package defines."""
    found = {
        kind
        for name in modules()
        for kind in vars(importlib.import_module(name)).values()
        if isinstance(kind, type) and issubclass(kind, Exception) and kind.__module__.startswith("camcover.")
    }
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


def drawn() -> list[str]:
    """The tree of the page: each class with the indentation of its place."""
    return re.findall(r"^ {4}((?: {4})*[A-Z]\w+)", str(camcover.errors.__doc__), re.MULTILINE)


def tree(kind: type[Exception], depth: int = 0) -> Iterator[str]:
    """The tree of the classes, those below one class in the order of their names."""
    yield " " * 4 * depth + kind.__name__
    for below in sorted(kind.__subclasses__(), key=lambda each: each.__name__):
        yield from tree(below, depth + 1)


def test_the_tree_is_drawn_as_it_is() -> None:
    assert len(exceptions()) > 30
    assert drawn() == list(tree(CamcoverError))


def test_every_exception_has_the_one_root() -> None:
    assert [kind for kind in exceptions() if not issubclass(kind, CamcoverError)] == []


@pytest.mark.parametrize("kind", exceptions(), ids=lambda kind: kind.__name__)
def test_an_exception_comes_back_from_another_process(kind: type[Exception]) -> None:
    """Made without its `__init__`, so that no class needs an example here: message, attributes and class stay."""
    made = kind.__new__(kind, "what was wrong")
    made.__dict__["findings"] = (("a.yaml:1:2", "wrong"),)
    again = ForkingPickler.loads(ForkingPickler.dumps(made))
    assert type(again) is kind
    assert (again.args, vars(again)) == (("what was wrong",), vars(made))
    assert BaseException.__str__(again) == "what was wrong"


@pytest.mark.parametrize(
    "made",
    [
        ReleaseUnusable("rules-0000000000000000", "a reason"),
        FourEyesNeeded("rules-0000000000000000", "ana"),
        InvalidRequest(
            (
                Violation("plan_id", "a", "b", Refusal.UNKNOWN_PLAN),
                Violation("items", "none", "one", Refusal.MISSING_VALUE),
            )
        ),
        UnknownPlan("copay-plam", ("copay-plan",)),
        NoActiveRelease(),
        OutdatedDatabase(None),
        Refused(overloaded(1)),
    ],
    ids=lambda made: type(made).__name__,
)
def test_messages_are_said_once(made: Exception) -> None:
    again = ForkingPickler.loads(ForkingPickler.dumps(made))
    assert (str(again), vars(again)) == (str(made), vars(made))
