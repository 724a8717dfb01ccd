"""Messages as fields of answers: the words in the answer's language, the message's id, its arguments.

What comes in: a `Message` and a language. What goes out: data that protobuf builds a message from.
"""

from __future__ import annotations

from datetime import date
from typing import Any, TypeAlias

from camcover.languages import Language
from camcover.messages import Argument, Dollars, Label, Message, Rate, WordList

__all__ = ["message_data", "worded_data"]

_Fields: TypeAlias = dict[str, Any]


def worded_data(message: Message, language: Language) -> _Fields:
    """The fields `text`, `message_id` and `arguments`."""
    return {"text": language.text(message), **message_data(message)}


def message_data(message: Message) -> _Fields:
    """The fields `message_id` and `arguments`."""
    return {
        "message_id": message.id,
        "arguments": [{"name": name, **_value(value)} for name, value in message.arguments],
    }


def _value(value: Argument) -> _Fields:
    """The field of an `Argument` that holds a value."""
    match value:
        case str():
            return {"text": value}
        case Dollars():
            return {"cents": value.cents}
        case Message():
            return {"sentence": message_data(value)}
        case Label():
            return {"label": value.word}
        case int():
            return {"number": value}
        case date():
            return {"date": value.isoformat()}
        case Rate():
            return {"basis_points": value.basis_points}
        case WordList():
            return {"any_of" if value.is_choice else "all_of": {"items": [_value(each) for each in value.items]}}
