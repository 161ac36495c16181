"""A colour for every nick, the same one on every run and every machine."""

from zlib import crc32

# Each has a contrast of at least 3.4 to 1 with white and with black, and is one of the 256 colours that terminals
# have; neighbours differ in hue.
PALETTE = (
    "#d70000",
    "#0087d7",
    "#878700",
    "#af5fff",
    "#008787",
    "#d75f00",
    "#5f5fff",
    "#5f8700",
    "#d700af",
    "#0087af",
    "#af5f00",
    "#875faf",
    "#008700",
    "#d7005f",
    "#5f87af",
    "#af5f5f",
)


def colour(nick: str) -> str:
    """Return the colour of a nick; upper and lower case are the same nick."""
    return PALETTE[crc32(nick.casefold().encode("utf-8", "replace")) % len(PALETTE)]
