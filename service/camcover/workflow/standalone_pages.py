"""Pages that stand alone: one file that can be sent around, styles and drawings inside, nothing fetched, no script.

What comes in: the package of a template that extends `standalone.html`, and what it shows. What goes out: HTML that is
also well-formed XML. Every name in it is escaped, and control characters are written out.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from camcover.money import dollars
from camcover.rulebook import printable

__all__ = ["standalone_page"]


def standalone_page(package: str, template: str, **shown: Any) -> str:
    """The page that a template of a package makes of what it shows."""
    text = _environment(package).get_template(template).render(shown)
    # XML has no control characters, and a name may hold one.
    return printable(text)


@cache
def _environment(package: str) -> Environment:
    """The templates of a package and those that all such pages share, read once."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("camcover.workflow")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"dollars": dollars, "count": "{:,}".format}
    return environment
