"""The bytes of a log as text: which encoding, and that it is text at all."""

import re
from dataclasses import dataclass, field
from functools import cached_property

from bots.scenario.units import counted
from geventchat.protocol.errors import UsageError

# More than any log whose scenario can be loaded, with room for what exports say besides.
MAX_BYTES = 64 << 20
# Nobody writes a longer line; a pattern never has to look at more.
MAX_LINE_CHARS = 64 << 10
# Lines that are looked at to find the format: the first ones, and others evenly over the whole log.
_SAMPLE_HEAD = 200
_SAMPLE_REST = 1_000

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
# How files begin that hold a log, or look like it, but are not the text of one; and what to do with each.
_OTHERS = (
    (b"PK\x03\x04", "a ZIP archive: unpack it, and import a file from it"),
    (b"7z\xbc\xaf\x27\x1c", "an archive of 7-Zip: unpack it, and import a file from it"),
    (b"Rar!\x1a\x07", "an archive of RAR: unpack it, and import a file from it"),
    (b"\x28\xb5\x2f\xfd", "compressed: unpack it with unzstd first"),
    (b"\x1f\x8b", "compressed: unpack it with gunzip first"),
    (b"\xfd7zXZ", "compressed: unpack it with unxz first"),
    (b"BZh", "compressed: unpack it with bunzip2 first"),
    (b"SQLite format 3", "an SQLite database; of geventchat's history, geventchat-serve export makes a log"),
    (b"%PDF", "a PDF: export it as text"),
    (b"{\\rtf", "RTF: save it as plain text"),
)
_TAR_AT = 257  # where a tar archive says that it is one
_MARKUP = re.compile(r"\s*<(?:\?xml|!doctype|html|head|body)\b", re.IGNORECASE)
_JSON = re.compile(r"\s*(?:\{|\[\s*\{)")
_RAW_IRC = re.compile(r"(?:@\S+ +)?:\S+ +(?:PRIVMSG|NOTICE|JOIN|PART|QUIT|NICK|MODE|TOPIC|KICK|\d{3})\b")
# The ends of lines on any system: Windows', old Macs', and those that a program wrote as Windows' twice.
_LINE_END = r"\r*\n|\r"
# `<ann> text`, as logs have it.
_SPEECH = re.compile(r"[^<]*<([^<>=/]{1,100})>\s")
_END_TAG = re.compile(r"</[a-z][\w:-]*>", re.IGNORECASE)
# Colours and other formatting: mIRC's codes, irssi's \x04, and those of terminals.
_CODES = re.compile(
    r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|[\x02\x0f\x11\x16\x1d-\x1f]"
    r"|\x1b\[[0-9;?]*[A-Za-z]"
)


@dataclass(frozen=True)
class LogText:
    """A log as text, whose lines end with LF, and what a reader must be told about how it became text."""

    text: str
    notes: list[str] = field(default_factory=list)

    @cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends and without codes for colours."""
        return _CODES.sub("", self.text).split("\n")

    @property
    def looks_like_json(self) -> bool:
        """Whether the text begins as an export does that is one JSON document, or has one in each line."""
        return _JSON.match(self.text) is not None

    @cached_property
    def sample(self) -> list[str]:
        """As many lines as show in which format the log is; none that is blank or overlong."""
        lines = [line for line in self.lines if 0 < len(line) <= MAX_LINE_CHARS and not line.isspace()]
        rest = lines[_SAMPLE_HEAD:]
        return lines[:_SAMPLE_HEAD] + rest[:: len(rest) // _SAMPLE_REST + 1]


def read_text(source: bytes, file: str) -> LogText:
    """Return the text of a log that is called `file`. Raises UsageError for what is no text, or markup, or too long.

    It is UTF-8, or UTF-16 with a byte order mark; a line that is not is cp1252, which is told.
    """
    for beginning, what in _OTHERS:
        if source.startswith(beginning):
            raise UsageError(f"{file} is {what}")
    if source.startswith(b"ustar", _TAR_AT):
        raise UsageError(f"{file} is a tar archive: unpack it, and import a file from it")
    if len(source) > MAX_BYTES and b"\0" not in source[:_SAMPLE_REST]:
        raise UsageError(f"{file} has more than the {MAX_BYTES >> 20} MiB that can be imported: take a part of it")
    notes: list[str] = []
    text = re.sub(_LINE_END, "\n", _decoded(source, file, notes))
    if codes := len(_CODES.findall(text)):
        notes.append(f"{counted(codes, 'code')} for colours and the like left out")
    log = LogText(text, notes)
    if what := _what_else(log):
        raise UsageError(f"{file} is {what}")
    return log


def _what_else(log: LogText) -> str:
    """Return what a text is that is no log that people read, and what to do; nothing if it may be one."""
    third = len(log.sample) / 3
    # Some exports have each message as HTML too, in their JSON.
    if not log.looks_like_json and (_MARKUP.match(log.text) or sum(map(_is_markup, log.sample)) > third):
        kind = "XML" if log.text.lstrip().lower().startswith("<?xml") else "HTML"
        return f"{kind}, which is not read: export the conversation as text or JSON"
    if log.text.lstrip().startswith("[LINE]"):
        return "LINE's export of a chat, which is not read"
    if sum(1 for line in log.sample if _RAW_IRC.match(line)) > third:
        return "lines of the IRC protocol itself, as of Twitch, which are not read: import the log of a client"
    return ""


def _is_markup(line: str) -> bool:
    """Whether a line of HTML or XML looks like this; who talks of HTML has a nick, which nothing ends as a tag."""
    if not _END_TAG.search(line):
        return False
    speech = _SPEECH.match(line)
    return speech is None or f"</{speech[1].split(' ')[0]}>".lower() in line.lower()


def _decoded(source: bytes, file: str, notes: list[str]) -> str:
    for mark, encoding in _BOMS:
        if source.startswith(mark):
            source = source[len(mark) :]
            if encoding != "utf-8":
                return source.decode(encoding, "replace")
    if b"\0" in source:
        at = source.index(b"\0")
        raise UsageError(f"{file} is no text: byte {at:,} is a zero; UTF-16 needs its byte order mark")
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError:
        pass
    lines = re.split(_LINE_END.encode(), source)
    others = [number for number, line in enumerate(lines, 1) if not _is_utf8(line)]
    are = "is" if len(others) == 1 else "are"
    first = f"the first is line {others[0]:,}"
    notes.append(f"{counted(len(others), 'line')} {are} not UTF-8 and read as cp1252; {first}")
    foreign = set(others)
    return "\n".join(
        line.decode("cp1252" if number in foreign else "utf-8", "replace") for number, line in enumerate(lines, 1)
    )


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
