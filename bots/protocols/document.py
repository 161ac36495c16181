"""What may stand in a protocol's file: how a server of any make is spoken to."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from bots.scenario.fields import Duration, Maybe, Model, Name, wrong
from bots.scenario.mistakes import did_you_mean

FRAMES: dict[str, tuple[str, ...]] = {
    "tcp": ("line", "json-line", "packet"),
    "websocket": ("text", "json", "socket.io"),
}
LENGTH_SIZES = (1, 2, 4, 8)
_QUIET_S = 1.0
# With a length in front of each frame, how long that number is.
_LENGTH = "length"
# What stands behind each frame.
_END = "end"
_WITH_KEY = {"tcp": ', {length: 4}, {end: "\\0"}', "websocket": ', {end: "\\x1e"}'}


def _frame(value: object) -> str | int | bytes:
    """Return the name of a kind of frame, how many bytes long its length is, or what stands behind it."""
    known = [name for names in FRAMES.values() for name in names]
    if isinstance(value, str) and value in known:
        return value
    sizes = ", ".join(map(str, LENGTH_SIZES))
    if isinstance(value, dict) and list(value) == [_LENGTH]:
        if value[_LENGTH] in map(str, LENGTH_SIZES):
            return int(value[_LENGTH])
        raise ValueError(f"a length has {sizes} bytes")
    if isinstance(value, dict) and list(value) == [_END]:
        end = value[_END]
        if not isinstance(end, str) or not end:
            raise ValueError('an end is a text, in double quotes if it is not seen, as in {end: "\\0"}')
        if "\\" in end:
            raise ValueError('an end with a \\ in it needs double quotes, as in {end: "\\0"}')
        return end.encode()
    written = value if isinstance(value, str) else "".join(value) if isinstance(value, dict) else ""
    meant = did_you_mean(written, [*known, _LENGTH, _END])
    raise ValueError(f'a frame is one of {", ".join(known)}, {{length: 4}} with {sizes}, or {{end: "\\0"}}{meant}')


_MESSAGE: dict[str, Any] = {
    "description": "a message to send: text, or JSON; {nick}, {room}, {text} and {token} are filled in"
}
_PATTERN: dict[str, Any] = {
    "description": "literals must match, and names in braces are taken out; or a /regular expression/"
}
Message = Annotated[Any, WithJsonSchema(_MESSAGE)]
Pattern = Annotated[Any, WithJsonSchema(_PATTERN)]
Frame = Annotated[
    str | int | bytes,
    PlainValidator(_frame),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [name for names in FRAMES.values() for name in names]},
                {
                    "type": "object",
                    "properties": {_LENGTH: {"enum": list(LENGTH_SIZES)}},
                    "required": [_LENGTH],
                    "additionalProperties": False,
                },
                {
                    "type": "object",
                    "properties": {_END: {"type": "string", "minLength": 1}},
                    "required": [_END],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


def _tls(value: object) -> str:
    """Return who vouches for the server: a file, `system`, or `true` for trust on first use; empty for no TLS."""
    match value:
        case True | "true" | "yes" | "on":
            return "true"
        case False | "false" | "no" | "off":
            return ""
        case str() if value.strip():
            return value
    raise ValueError("tls is true, or a file of authorities in PEM, or system for those that the system trusts")


Tls = Annotated[str, PlainValidator(_tls), WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string"}]})]


class ProtocolFile(Model):
    """How a server is spoken to: over which connection, in what frames, and what each message looks like."""

    protocol: Literal["tcp", "websocket"] = Field(description="the connection")
    tls: Tls = Field(
        default="", description="true: inside TLS; or a file of authorities that vouch for the server, or system"
    )
    url: Maybe[Name] = Field(default=None, description="the path of a WebSocket, like /ws/{nick}; / when left out")
    headers: dict[str, Name] = Field(default_factory=dict, description="headers of a WebSocket's handshake")
    subprotocol: Maybe[Name] = Field(default=None, description="the subprotocol of a WebSocket's handshake")
    frame: Maybe[Frame] = Field(
        default=None,
        description="what a message is: by default a line, or on a WebSocket a frame, with JSON in it if say is JSON",
    )
    join: Message = Field(
        default=None,
        description="how to come in; a list of steps, each send: MESSAGE or answer: PATTERN; left out: by connecting",
    )
    joined: Pattern = Field(default=None, description="what shows that one is in; left out: at once")
    say: Message = Field(description="how to say {text}")
    heard: Pattern = Field(description="what somebody said: with {nick} and {text}, perhaps {id} and {room}")
    refused: Pattern = Field(default=None, description="what the server says when it does not do something: {why?}")
    ignore: list[Any] = Field(
        default_factory=list,
        description="what means nothing to a bot",
        json_schema_extra={"items": _PATTERN},
    )
    answers: list[Any] = Field(
        default_factory=list,
        description="what the server asks, and what to send then: to: PATTERN, with: MESSAGE",
        json_schema_extra={
            "items": {
                "type": "object",
                "properties": {"to": _PATTERN, "with": _MESSAGE},
                "required": ["to", "with"],
                "additionalProperties": False,
            }
        },
    )
    ping: Message = Field(default=None, description="what the server answers with pong; holds a {token}")
    pong: Pattern = Field(default=None, description="the answer to ping, with its {token}")
    quiet: Duration = Field(
        default=_QUIET_S, description="without ping: after how long a silence nothing more is coming; 1s when left out"
    )
    leave: Message = Field(default=None, description="how to say goodbye before the connection is closed")
    echo: bool = Field(default=True, description="whether a speaker hears itself")
    rooms: bool = Field(
        default=False, description="whether one can be in several {room}s at once: join and leave are sent for each"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        given = self.model_fields_set
        if self.protocol == "tcp" and (only := given & {"url", "headers", "subprotocol"}):
            raise wrong("this goes with protocol: websocket, not with tcp", min(only))
        if self.frame is not None and not _goes_with(self.protocol, self.frame):
            allowed = ", ".join(FRAMES[self.protocol]) + _WITH_KEY[self.protocol]
            raise wrong(f"with protocol: {self.protocol}, a frame is one of {allowed}", "frame")
        if ("ping" in given) != ("pong" in given):
            raise wrong("ping and pong belong together: leave out both, or none", "ping" if "ping" in given else "pong")
        if {"ping", "quiet"} <= given:
            raise wrong("with ping and pong, the end is known without a silence: leave out quiet", "quiet")
        return self


def _goes_with(protocol: str, frame: str | int | bytes) -> bool:
    match frame:
        case bytes():
            return True
        case int():
            return protocol == "tcp"
    return frame in FRAMES[protocol]
