"""Templates to HTML: what all pages have in common, and the headers that keep them safe.

What comes in: a template and its values. What goes out: a response that is not kept, loads nothing of others, runs no
inline script or style, and is shown in no foreign frame unless that is allowed.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from starlette.responses import HTMLResponse, Response

from camcover.languages import ENGLISH, Language, language, languages
from camcover.messages import Dollars
from camcover.money import dollars
from camcover.showing.charts import COLOURS, PATTERNS
from camcover.showing.words import WORDS
from camcover.web.static_files import prefix
from camcover.workflow.impact.words import signed

__all__ = ["OWN_NAMES", "Site", "attachment", "html", "page", "policy", "template", "tongues"]


class Site(NamedTuple):
    """What the operator has settled: the phone number for help, and how many days a plan of care is kept on wish.

    `saves` 0: none is kept.
    """

    phone: str = ""
    saves: int = 0


OWN_NAMES = {"en": "English", "es": "Español"}
"""What languages call themselves."""


def policy(frame_ancestors: str = "'none'", nonce: str = "") -> str:
    """The content security policy; `frame_ancestors`: whose pages may show this one in a frame.

    `nonce`: by which a script of ours marks the styles that it adds.
    """
    styles = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    return (
        f"default-src 'none'; script-src 'self'; style-src {styles}; img-src 'self'; font-src 'self'; "
        f"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {frame_ancestors}"
    )


def tongues() -> list[tuple[str, str]]:
    """The languages of the pages: tag, and what it calls itself."""
    return [(tag, OWN_NAMES.get(tag, tag)) for tag in languages()]


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("camcover.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"dollars": dollars, "change": signed, "number": "{:,}".format}
    return made


def template(name: str) -> Template:
    """A template by its name below `templates/`."""
    return _environment().get_template(name)


def html(name: str, /, tag: str, here: str = "", **values: Any) -> str:
    """The text of a template in a language; `here`: the path of its page below the language."""
    words = language(tag)
    return template(name).render(
        lang=tag,
        here=here,
        static=prefix(),
        tongues=tongues(),
        unreviewed=words.is_unreviewed,
        # Names of documents stay as their publishers have them.
        rules_language=ENGLISH,
        colours=COLOURS,
        kinds=PATTERNS,
        **_words(words),
        **values,
    )


def page(text: str, status: int = 200, *, frame_ancestors: str = "'none'", nonce: str = "") -> HTMLResponse:
    """A response with a page, under the `policy` of these."""
    headers = {
        "content-security-policy": policy(frame_ancestors, nonce),
        "cache-control": "no-store",
        # The origin alone goes to our own forms, and nothing to other sites.
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
    }
    return HTMLResponse(text, status, headers)


def attachment(data: bytes, name: str, media_type: str) -> Response:
    """A response that browsers save as a file and show nowhere."""
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "content-security-policy": policy(),
        "cache-control": "no-store",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
    }
    return Response(data, media_type=media_type, headers=headers)


def _words(words: Language) -> dict[str, Any]:
    """What templates call to say something."""

    def t(message_id: str, **arguments: Any) -> str:
        return words.text(WORDS[message_id](**arguments))

    return {
        "t": t,
        "say": words.text,
        "money": words.dollars,
        "signed": words.change,
        "dollars": Dollars,
        "month": words.month,
        "short_month": words.short_month,
        "short_date": words.short_date,
    }
