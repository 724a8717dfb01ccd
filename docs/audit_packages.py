"""Holds the packages of requirements.lock to the advisories that are known of them, by pip-audit (`make audit`).

Where no advisory service answers, pip-audit finds nothing and says that nothing is known; so what was not looked up is
counted here and said. Status 1: an advisory concerns a package. Status 0: none does, or nothing could be looked up.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
SECONDS = "10"
"""How long an answer may take to begin."""


def main() -> int:
    """Audit by the program that the argument names; gives the status."""
    text, status = verdict(audited(Path(sys.argv[1])))
    print(text)
    return status


def audited(program: Path) -> list[dict[str, Any]] | None:
    """What pip-audit found of each package; None where it is not installed, or got no answer."""
    if not program.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "found.json"
        options = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--timeout", SECONDS)
        command: list[str | Path] = [program, *options, "--requirement", LOCK, "--format", "json", "--output", file]
        subprocess.run(command, check=False, capture_output=True)
        if not file.exists():
            return None
        found: list[dict[str, Any]] = json.loads(file.read_bytes())["dependencies"]
        return found


def verdict(found: list[dict[str, Any]] | None) -> tuple[str, int]:
    """What to say of the packages, and the status."""
    looked_up = [each for each in found or () if "vulns" in each]
    if not looked_up:
        return "NOT AUDITED: no advisory service answered, so nothing is known of the packages", 0
    concerned = [
        f"{each['name']} {each['version']}: {one['id']}; mended in {', '.join(one['fix_versions']) or 'no version yet'}"
        for each in looked_up
        for one in each["vulns"]
    ]
    skipped = [each["name"] for each in found or () if "vulns" not in each]
    lines = [f"{len(looked_up)} packages audited, {len(concerned)} advisories", *concerned]
    if skipped:
        lines.append(f"NOT AUDITED, since the service does not know them: {', '.join(skipped)}")
    return "\n".join(lines), int(bool(concerned))


if __name__ == "__main__":
    sys.exit(main())
