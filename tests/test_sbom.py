"""The bill of materials: every package of the lock, with its version and hashes."""

from __future__ import annotations

import re
from pathlib import Path

from generate_sbom import bill, components

ROOT = Path(__file__).resolve().parents[1]


def test_an_entry_of_a_lock_is_read_whole() -> None:
    lock = (
        "# a comment\n"
        "colorama==0.4.6 ; sys_platform == 'win32' \\\n"
        f"    --hash=sha256:{'0' * 64} \\\n"
        f"    --hash=sha256:{'1' * 64}\n"
        "    # via typer\n"
    )
    assert list(components(lock)) == [
        {
            "type": "library",
            "bom-ref": "pkg:pypi/colorama@0.4.6",
            "name": "colorama",
            "version": "0.4.6",
            "purl": "pkg:pypi/colorama@0.4.6",
            "properties": [
                {"name": "camcover:sha256", "value": "0" * 64},
                {"name": "camcover:sha256", "value": "1" * 64},
                {"name": "camcover:marker", "value": "sys_platform == 'win32'"},
            ],
        }
    ]


def test_the_bill_names_every_pinned_package_once() -> None:
    made = bill()
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    found = made["components"]
    assert len(found) == len({each["bom-ref"] for each in found}) == len(re.findall(r"^\S+==", lock, re.MULTILINE))
    assert sum(each["name"] == "camcover:sha256" for one in found for each in one["properties"]) == lock.count(
        "sha256:"
    )
    assert (made["bomFormat"], made["metadata"]["component"]["name"]) == ("CycloneDX", "camcover")
