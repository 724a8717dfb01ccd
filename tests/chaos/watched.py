"""What the processes of a service hold, as Linux tells it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

__all__ = ["Held", "held_by", "pids_of"]


class Held(NamedTuple):
    """What the processes of a service hold together: memory that is resident, in bytes, and open descriptors."""

    processes: int
    resident_bytes: int
    descriptors: int


def pids_of(group: int) -> list[int]:
    """The processes of a group, its leader among them, that have not ended."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, _, own_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(own_group) == group and state != "Z":
            found.append(int(entry.name))
    return sorted(found)


def held_by(group: int) -> Held:
    """What the processes of a group hold now. Pages that processes share are counted for each."""
    pids = pids_of(group)
    resident = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids) * os.sysconf("SC_PAGE_SIZE")
    return Held(len(pids), resident, sum(len([*Path(f"/proc/{pid}/fd").iterdir()]) for pid in pids))
