"""The page's files, read once from the package: a request can only ask for one of these."""

import hashlib
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


class File(NamedTuple):
    """One file as it is sent; the ETag changes with what is in it (RFC 9110, section 8.8.3)."""

    type: str
    body: bytes
    etag: str


def _read() -> dict[str, File]:
    found: dict[str, File] = {}
    for entry in files("geventchat.web").iterdir():
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in _TYPES:
            body = entry.read_bytes()
            found[f"/{entry.name}"] = File(_TYPES[suffix], body, f'"{hashlib.sha256(body).hexdigest()[:16]}"')
    found["/"] = found[f"/{_INDEX}"]
    return found


FILES = _read()
