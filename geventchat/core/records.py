"""All kinds of records that a log keeps, and how they are written: as JSON, which can be read with plain SQL."""

from typing import get_args

import msgspec

from geventchat.core.accounts import Account
from geventchat.core.kept import Change, Record
from geventchat.core.moderation.moderation import Secret
from geventchat.core.moderation.moderator_links import Grant
from geventchat.core.moderation.room_rules import Invited, RoomRules, Slow
from geventchat.core.moderation.sanctions import Ban, Mute

AnyRecord = Account | Ban | Mute | RoomRules | Invited | Slow | Grant | Secret

_KINDS: dict[str, type[Record]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyRecord)}
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


def change_of(kind: str, key: str, written: str | None) -> Change | None:
    """Return the change that `row_of` has written; None if it is of a kind that is not known here."""
    if kind not in _KINDS:
        return None
    return Change(_KINDS[kind], key, None if written is None else decode(written))
