"""Kills a process at each statement by which it upgrades a database from the first revision.

`python killed_upgrade.py URL`: prints, for each kill, the revision that the database has afterwards: a line of JSON. A
process of its own is forked for each, and killed by SIGKILL.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import count

from camcover.store import Database
from workflow.killed import kill_at

FIRST = "0001"


def main(url: str) -> None:
    """Be killed again and again, at a later statement each time, until the upgrade ends before that."""

    def begin() -> Callable[[], object]:
        """The upgrade, on connections of the process's own."""
        return Database(url).upgrade

    with closing(Database(url)) as database:
        database.upgrade(FIRST)
    for number in count(1):
        is_killed = kill_at(begin, number)
        with closing(Database(url)) as database:
            sys.stdout.write(json.dumps({"killed": is_killed, "revision": database.revision()}) + "\n")
        if not is_killed:
            return


if __name__ == "__main__":
    main(sys.argv[1])
