"""All kinds of records that a log keeps, and how they are written: as JSON, which can be read with plain SQL."""

import msgspec

from geventchat.core.accounts import Account
from geventchat.core.kept import Change, Record
from geventchat.core.moderation.links import Grant
from geventchat.core.moderation.moderation import Secret
from geventchat.core.moderation.rules import RoomRules
from geventchat.core.moderation.sanctions import Ban, Mute

AnyRecord = Account | Ban | Mute | RoomRules | Grant | Secret

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(AnyRecord)


def encode(record: Record) -> bytes:
    """Return a record as JSON."""
    return _encoder.encode(record)


def decode(text: str | bytes) -> Record:
    """Return the record that stands in this JSON. Raises msgspec.MsgspecError, or UnicodeError."""
    return _decoder.decode(text)


def row_of(change: Change) -> tuple[str, str, str | None]:
    """Return the kind, the key and the JSON of a record as it is from now on; None for one that is to be removed."""
    written = None if change.record is None else encode(change.record).decode()
    return str(change.kind.__struct_config__.tag), change.key, written
