"""Decides which YAML files are rule files. A folder may contain others, such as a CI workflow beside a plan.

What comes in: a file's text and its document. What goes out: whether the file is meant as a rule file. A file that is
meant as one is never skipped, however wrong it is: otherwise half of the rules would be in force without a message.
"""

from __future__ import annotations

import re

from camcover.messages import sentence
from camcover.rulebook.diagnostics import Diagnostic, Severity, declare
from camcover.rulebook.grammar import KINDS
from camcover.rulebook.nodes import Listing, Node, Scalar, Table, is_too_large
from camcover.rulebook.records import Place

__all__ = ["is_rule_file", "no_rule_file"]

NOT_A_RULE_FILE = declare(
    "not-a-rule-file",
    Severity.WARNING,
    "A YAML file in the rules folder is not a rule file: it has neither `format: camcover/1` nor one of the four "
    "kinds. It is ignored, and a release does not contain it.",
    "Keep the file in another folder, or name the folder of the rule files alone. If it is meant as a rule file, begin "
    "it with `format: camcover/1`.",
    in_editor=True,
)

_NO_RULE_FILE = sentence("not-a-rule-file-ignored")
_BEGIN_IT = sentence("not-a-rule-file-begin-it-so")

_FORMAT = re.compile(r"camcover/[0-9]+")
_SAID_SO = re.compile(
    r"""^[ \t]*["']?[\w-]{1,40}["']?[ \t]*:?[ \t]*["']?camcover/[0-9]"""
    rf"""|^["']?kind["']?[ \t]*:[ \t]*["']?({"|".join(KINDS)})\b""",
    re.MULTILINE,
)
"""A line of a file that is no YAML by which it says that it is a rule file."""

_NOTHING = re.compile(r"(\s|#[^\n]*)*")


def is_rule_file(text: str, node: Node | None) -> bool:
    """Whether a file is meant as a rule file; `node` is its document, None if it is not YAML.

    It is one if a key at its top has the value `camcover/` and a number, whatever the key's name; if the value of
    `format` begins with `camcover`; or if `kind` is one of the four words. A file that is empty, too large, or only one
    word may be a rule file that is not completely written yet.
    """
    if isinstance(node, Table):
        return any(isinstance(value, Scalar) and _says_so(key.text, value.text) for key, value in node.entries)
    if node is None:
        return is_too_large(text) or _NOTHING.fullmatch(text) is not None or _SAID_SO.search(text) is not None
    return not isinstance(node, Listing)


def _says_so(key: str, value: str) -> bool:
    """Whether a key with its value makes a file a rule file."""
    is_format = key == "format" and value.startswith("camcover")
    return is_format or (key == "kind" and value in KINDS) or _FORMAT.fullmatch(value) is not None


def no_rule_file(name: str) -> Diagnostic:
    """The warning about a file that is left out."""
    return Diagnostic(NOT_A_RULE_FILE.code, Severity.WARNING, Place(name, 1, 1), _NO_RULE_FILE(), _BEGIN_IT())
