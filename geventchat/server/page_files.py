"""The page's files, read once from the package: a request can only ask for one of these."""

import hashlib
import re
from importlib.resources import files
from typing import NamedTuple

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
_INDEX = "index.html"
# In these, a line means the same without its indentation: no text in them goes over several lines.
_LINES = (".html", ".css", ".js")
# A comment has a line of its own, or stands behind the end of a statement or rule.
_COMMENT = re.compile(r"(?:^|(?<=[;}]) )(?://.*|/\*[^*]*\*/)$")


class File(NamedTuple):
    """One file as it is sent; the ETag changes with what is in it (RFC 9110, section 8.8.3)."""

    type: str
    body: bytes
    etag: str


def _lean(source: str) -> str:
    """Return what a browser needs of a file: no indentation, no comments and no empty lines."""
    lines = (_COMMENT.sub("", line.strip()) for line in source.splitlines())
    return "".join(f"{line}\n" for line in lines if line)


def _read() -> dict[str, File]:
    found: dict[str, File] = {}
    for entry in files("geventchat.web").iterdir():
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in _TYPES:
            body = _lean(entry.read_text("utf-8")).encode() if suffix in _LINES else entry.read_bytes()
            found[f"/{entry.name}"] = File(_TYPES[suffix], body, f'"{hashlib.sha256(body).hexdigest()[:16]}"')
    found["/"] = found[f"/{_INDEX}"]
    return found


FILES = _read()
