"""The kinds of values that a scenario's fields can have: how each is read, and what a JSON Schema says of it.

A scenario's scalars all come in as text, just as they are written: `- alice: 007` says 007, and `- bob: no` says no.
"""

from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from bots.scenario import pattern, template, units
from bots.scenario.template import Template
from geventchat.protocol import names
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import Limits
from geventchat.protocol.text import clean

# An editor takes an unquoted 42 or true for a number or a truth value; here it is what it looks like.
_ANY_TEXT = ["string", "number", "boolean"]
_SOME_TEXT = {"type": _ANY_TEXT, "pattern": r"\S"}
# For how long users try to come back, unless it is said: a server needs a moment to start again.
COME_BACK_S = 30.0


class Model(BaseModel):
    """What all parts of a scenario share: they never change, and a key that is not known is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def file_keys(cls) -> list[str]:
        """Return the keys that it may have in a file."""
        return [field.alias or name for name, field in cls.model_fields.items()]


def wrong(message: str, key: str | None = None) -> PydanticCustomError:
    """Return what to raise for a value that is wrong as a whole; `key` says which of its keys shows it best."""
    return PydanticCustomError("wrong", "{message}", {"message": message, "key": key})


def _text(value: object) -> str:
    if value is None:
        raise ValueError("a text is missing here")
    if not isinstance(value, str):
        raise ValueError("a text is needed here; in quotes, if it begins with a bracket or a brace")
    return value


def _read_template(value: object) -> Template:
    text = _text(value).removesuffix("\n")  # a block of YAML ends with one
    if bad := set(text) - set(clean(text)):
        raise ValueError(f"a message is one line without U+{ord(min(bad)):04X}; send_bytes can send anything")
    return template.template(text)


def _said(value: object) -> Template:
    if value is not None and not _text(value).strip():
        raise ValueError("there is nothing to say in this text")
    return _read_template(value)


def _reason(value: object) -> Template | None:
    return None if value is None else _read_template(value)


def _pattern(value: object) -> pattern.Pattern:
    if not (source := _text(value)).strip():
        raise ValueError("nothing is what is listened for here")
    return pattern.pattern(source.removesuffix("\n"))


def _name(value: object) -> str:
    if not (name := _text(value)).strip():
        raise ValueError("a name is missing here")
    return name


def _room(value: object) -> str:
    try:
        return names.room(_name(value), Limits().max_name)[0]
    except Refused as refusal:
        raise ValueError(refusal.message) from None


def _first_room(value: object) -> str | None:
    return None if value is None else _room(value)


def _nothing(value: object) -> None:
    if value is not None:
        raise ValueError(f"nothing can stand behind this action, leave out {value!r}")


def _bytes(value: object) -> bytes:
    try:
        return _text(value).encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(r'each character is one byte here, "\x00" to "\xff"; write others as their bytes') from None


def _jitter(value: object) -> "Jitter":
    if isinstance(value, str) and value.endswith("%"):
        return Jitter(share=units.share(value))
    return Jitter(seconds=units.duration(value))


def _come_back(value: object) -> float:
    if value in ("true", "false"):
        return COME_BACK_S if value == "true" else 0.0
    try:
        return units.duration(value)
    except ValueError:
        raise ValueError(f"{value!r} is neither true nor false, nor for how long to try, like 90s") from None


class Jitter(BaseModel):
    """How much later than planned chance may place something: in seconds, or as a share (0 to 1) of `every`."""

    model_config = ConfigDict(frozen=True)

    seconds: float = 0.0
    share: float = 0.0


def _given(value: object) -> object:
    if value is None:
        raise ValueError("a value is missing here")
    return value


T = TypeVar("T")
# What may be left out; a key without a value is a mistake all the same.
Maybe = Annotated[T | None, BeforeValidator(_given)]
Text = Annotated[
    Template,
    PlainValidator(_said),
    WithJsonSchema({**_SOME_TEXT, "description": "what is said; may hold placeholders"}),
]
NewNick = Annotated[
    Template, PlainValidator(_said), WithJsonSchema({**_SOME_TEXT, "description": "a nick; may hold placeholders"})
]
Reason = Annotated[
    Template | None,
    PlainValidator(_reason),
    WithJsonSchema({"type": [*_ANY_TEXT, "null"], "description": "why, or nothing"}),
]
Listened = Annotated[
    pattern.Pattern,
    PlainValidator(_pattern),
    WithJsonSchema({**_SOME_TEXT, "description": "a /regular expression/, or a text that must be contained"}),
]
Name = Annotated[str, PlainValidator(_name), WithJsonSchema({**_SOME_TEXT, "description": "an actor's name"})]
Room = Annotated[str, PlainValidator(_room), WithJsonSchema({**_SOME_TEXT, "description": "a room's name"})]
MaybeRoom = Annotated[
    str | None,
    PlainValidator(_first_room),
    WithJsonSchema({"type": [*_ANY_TEXT, "null"], "description": "a room's name, or nothing"}),
]
Nothing = Annotated[None, PlainValidator(_nothing), WithJsonSchema({"type": "null", "description": "nothing"})]
Bytes = Annotated[
    bytes,
    PlainValidator(_bytes),
    WithJsonSchema({"type": _ANY_TEXT, "pattern": "^[\\u0000-\\u00ff]*$", "description": "one character is one byte"}),
]
Duration = Annotated[
    float,
    PlainValidator(units.duration),
    WithJsonSchema({"type": "string", "pattern": units.DURATION, "description": "a time: 500ms, 2s, 3m12s, 1h"}),
]
DurationOrForever = Annotated[
    float,
    PlainValidator(units.duration_or_forever),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "pattern": units.DURATION}, {"const": units.FOREVER}],
            "description": "a time, or forever: until Ctrl-C",
        }
    ),
]
Rate = Annotated[
    float,
    PlainValidator(units.rate),
    WithJsonSchema({"type": "string", "pattern": units.RATE, "description": "stopped, normal, or like 1kB/s"}),
]
ComeBack = Annotated[
    float,
    PlainValidator(_come_back),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": units.DURATION}]}),
]
JitterField = Annotated[
    Jitter,
    PlainValidator(_jitter),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": p} for p in (units.PERCENT, units.DURATION)]}),
]
