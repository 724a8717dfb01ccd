"""Writes a bill of materials (CycloneDX 1.6, JSON) of what a user installs: every package of `requirements.lock`.

What comes in: the lock file, whose versions and hashes are those that `pip` takes. What goes out: JSON on standard
output, the same bytes for the same lock.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["bill", "components"]

ROOT = Path(__file__).resolve().parents[1]


def components(lock: str) -> Iterator[dict[str, Any]]:
    """Each package of a lock file: name, version, where it is needed, and the SHA-256 of each of its files."""
    for entry in re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE):
        pinned = re.match(r"([A-Za-z0-9._-]+)==(\S+)(?: ; ([^\\\n]+?))? *\\?\n", entry)
        if pinned is None:
            continue
        name, version, marker = pinned.groups()
        properties = [{"name": "camcover:sha256", "value": each} for each in re.findall(r"sha256:(\w{64})", entry)]
        if marker:
            properties.append({"name": "camcover:marker", "value": marker})
        purl = f"pkg:pypi/{name}@{version}"
        yield {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": version,
            "purl": purl,
            "properties": properties,
        }


def bill() -> dict[str, Any]:
    """The bill of materials of this version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = project["name"], project["version"]
    itself = {"type": "application", "bom-ref": name, "name": name, "version": version}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": itself | {"licenses": [{"license": {"id": project["license"]}}]}},
        "components": list(components((ROOT / "requirements.lock").read_text(encoding="utf-8"))),
    }


if __name__ == "__main__":
    print(json.dumps(bill(), indent=2))
