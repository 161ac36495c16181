"""The log lines of a server: as text or JSON, never waited for, and not more of one kind than anyone would read."""

import logging
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
import msgspec

from geventchat.system.background_stream import BackgroundStream

logger = logging.getLogger("geventchat")

FORMATS = ("text", "json")
# Lines of one kind in a minute, such as "joined"; more are only counted: whoever can connect can cause them.
MAX_OF_A_KIND = 100
_COUNTED_S = 60.0
# How long a process that ends waits for its last lines to be read.
_FINISH_S = 1.0


@contextmanager
def log_lines(level: str, form: str) -> Iterator[None]:
    """Log to standard error, and let neither it nor standard output hold the process up, until the block ends."""
    formatter = JsonFormatter() if form == "json" else logging.Formatter("%(asctime)s %(levelname)s %(message)s")

    def notice(count: int) -> str:
        record = logger.makeRecord(
            logger.name, logging.WARNING, "", 0, "%d lines were dropped: nobody read them in time", (count,), None
        )
        return formatter.format(record) + "\n"

    standard = (sys.stdout, sys.stderr)
    streams = [
        stream and BackgroundStream(stream.fileno(), notice, stream.encoding or "utf-8")  # it is None if it was closed
        for stream in standard
    ]
    counts = KindCounts()
    handler = logging.StreamHandler(streams[1]) if streams[1] else logging.NullHandler()
    handler.setFormatter(formatter)
    handler.addFilter(counts)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level.upper())
    sys.stdout, sys.stderr = streams
    counting = gevent.spawn(_tell_counts, counts)
    try:
        yield
    finally:
        counting.kill()
        sys.stdout, sys.stderr = standard
        root.removeHandler(handler)
        deadline = time.monotonic() + _FINISH_S
        for stream in filter(None, streams):
            stream.finish(max(0.0, deadline - time.monotonic()))


class KindCounts(logging.Filter):
    """Counts the records that have a kind, as `logger.info(…, extra={"kind": "joined"})` has, and lets some through."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is to be logged: always, if it has no kind."""
        kind = getattr(record, "kind", None)
        if kind is None:
            return True
        self._counts[kind] += 1
        return self._counts[kind] <= MAX_OF_A_KIND

    def take(self) -> dict[str, int]:
        """Return how many there were of each kind since the last call, the unlogged ones too."""
        counts, self._counts = self._counts, Counter()
        return dict(counts)


class JsonFormatter(logging.Formatter):
    """Makes one JSON object of a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as a line: time in UTC, level, message, and its kind and its traceback if it has them."""
        seconds, milliseconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)), int(record.msecs)
        line = {
            "time": f"{seconds}.{milliseconds:03}Z",
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        if hasattr(record, "kind"):
            line["kind"] = record.kind
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def _tell_counts(counts: KindCounts) -> None:
    while True:
        gevent.sleep(_COUNTED_S)
        if told := counts.take():
            words = ", ".join(f"{count} {kind}" for kind, count in sorted(told.items()))
            logger.info("in the last minute: %s", words)
