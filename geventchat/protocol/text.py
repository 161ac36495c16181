"""What users write, made safe for the terminals and lines of others: once, where it comes in."""

import re

# C0 but tab, DEL, C1, line and paragraph separators, bidi overrides and isolates: all that could move a cursor, end a
# line or turn the reading order of what stands around it. Lone surrogates cannot be sent at all.
_UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


# What bytes that are no UTF-8 are decoded to.
REPLACED = "\ufffd"


def clean(text: str) -> str:
    """Return the text without anything that acts on a terminal or breaks a line."""
    return text if text.isprintable() else _UNSAFE.sub("", text)  # nothing unsafe is printable, and most text is


def escape(json: str) -> str:
    """Return a JSON text of the same meaning in which nothing acts on a terminal; only its strings may hold such."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", json)


def cut_character(data: bytes) -> int:
    """Return how many bytes at the end are the beginning of a UTF-8 character whose rest is missing (RFC 3629)."""
    for count in range(1, min(3, len(data)) + 1):
        byte = data[-count]
        if byte < 0x80:
            return 0
        if byte >= 0xC0:
            return count if count < 2 + (byte >= 0xE0) + (byte >= 0xF0) else 0
    return 0


def decode(data: bytes) -> str:
    """Return UTF-8 bytes as text; each byte sequence that is no UTF-8 becomes REPLACED."""
    return data.decode("utf-8", "replace")
