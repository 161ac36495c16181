"""What users write, made safe for the terminals and lines of others: once, where it comes in."""

import re

# C0 but tab, DEL, C1, line and paragraph separators, bidi overrides and isolates: all that could move a cursor, end a
# line or turn the reading order of what stands around it. Lone surrogates cannot be sent at all.
_UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


# What stands for bytes that are no UTF-8.
REPLACEMENT = "\ufffd"


def clean(text: str) -> str:
    """Return the text without anything that acts on a terminal or breaks a line."""
    return text if text.isprintable() else _UNSAFE.sub("", text)  # nothing unsafe is printable, and most text is


def escape(json: str) -> str:
    """Return a JSON text of the same meaning in which nothing acts on a terminal; only its strings may hold such."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", json)


def decode(data: bytes) -> str:
    """Return UTF-8 bytes as text; each byte sequence that is no UTF-8 becomes REPLACEMENT."""
    return data.decode("utf-8", "replace")
