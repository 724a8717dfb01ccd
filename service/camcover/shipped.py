"""Files that come with the package and are no Python: the shipped rules, and the .proto files of the contract.

A wheel holds them as `camcover/data/` (setup.py). In a checkout, and in an editable install of one, they are the
folders of the repository.
"""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files
from pathlib import Path

__all__ = ["Shipped", "shipped"]


class Shipped(StrEnum):
    """What comes with the package."""

    RULES = "rules"
    PROTOS = "protos"


def shipped(what: Shipped) -> Path:
    """The folder that holds it."""
    package = Path(str(files("camcover")))
    installed = package / "data" / what
    return installed if installed.is_dir() else package.parents[1] / what
