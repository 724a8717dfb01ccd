"""Kills a process at each statement that publishing, activating and rolling back send to the database.

`python killed.py URL`: prints, for each kill, what was being done, the statement it was killed at, and what the
database held afterwards: a line of JSON. A process of its own is forked for each, and killed by SIGKILL.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import Engine, event

from camcover.rulebook import load_texts
from camcover.store import AuditLog, ReleaseStore, in_force, open_database
from camcover.workflow.activation import Decision, activate, roll_back
from camcover.workflow.publishing import prepare, publish
from camcover.workflow.release_rules import ReleaseRules
from small_rules import COPAY_PLAN, TEXTS

BOB = Decision("bob", "because")
FIRST, SECOND = (
    prepare(load_texts(TEXTS | {"copay.yaml": COPAY_PLAN.replace("copay: $20", f"copay: ${copay}")}))
    for copay in (20, 30)
)
IDS = [f"rules-{each.digest[:16]}" for each in (FIRST, SECOND)]

Work = Callable[[ReleaseStore], object]


def kill_at(begin: Callable[[], Callable[[], object]], number: int) -> bool:
    """Do what `begin` gives in a process that dies as it sends statement `number`; false when it ended before that."""
    child = os.fork()
    if child == 0:
        work, sent = begin(), 0

        def count(*_: Any) -> None:
            nonlocal sent
            sent += 1
            if sent == number:
                os.kill(os.getpid(), signal.SIGKILL)

        for moment in ("before_cursor_execute", "commit"):
            event.listen(Engine, moment, count)
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError(f"the work ended with status {os.WEXITSTATUS(status)}")
    return os.WIFSIGNALED(status)


def state(url: str) -> dict[str, Any]:
    """What the database holds, all of it read: releases with their files and tables, the active one, a whole log."""
    database = open_database(url)
    store = ReleaseStore(database)
    with store.reading() as ledger:
        ids = ledger.ids()
        stack = in_force(ledger.activations(), ledger.now())
    whole = [ReleaseRules(store).tables(each).release == each and len(ReleaseRules(store).files(each)) for each in ids]
    entries, _ = AuditLog(database).verify()
    database.close()
    return {
        "releases": sorted(map(IDS.index, ids)),
        "files": whole,
        "stack": list(map(IDS.index, stack)),
        "log": entries,
    }


def main(url: str) -> None:
    """Publish and activate the first release; then be killed again and again at what comes next."""
    database = open_database(url)
    store = ReleaseStore(database)
    publish(store, FIRST, "ana", "first")
    activate(ReleaseRules(store), IDS[0], BOB)
    database.close()
    steps: dict[str, Work] = {
        "publish": lambda store: publish(store, SECOND, "ana", "second"),
        "activate": lambda store: activate(ReleaseRules(store), IDS[1], BOB),
        "rollback": lambda store: roll_back(ReleaseRules(store), BOB),
    }
    for name, work in steps.items():
        number, is_killed = 1, True
        while is_killed:
            is_killed = kill_at(lambda: partial(work, ReleaseStore(open_database(url))), number)  # noqa: B023
            sys.stdout.write(json.dumps({"step": name, "killed": is_killed} | state(url)) + "\n")
            number += 1


if __name__ == "__main__":
    main(sys.argv[1])
