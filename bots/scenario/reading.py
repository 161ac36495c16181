"""Files that somebody names, read whole."""

from pathlib import Path

# Pipes that a shell has opened, as in `check <(make-scenario)`: they end.
_OPENED = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")


def read_file(path: Path, most: int = -1) -> bytes:
    """Return what is in a file, `most` bytes of it at the most. Raises OSError, also for a pipe that may never end."""
    if path.is_fifo() and not str(path).startswith(_OPENED):
        raise OSError(None, "It is a pipe, and perhaps nobody writes to it")
    with path.open("rb") as opened:
        return opened.read(most)
