"""The log lines of a server, as text or JSON, which nobody ever waits for."""

import logging
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from geventchat.system.background_stream import BackgroundStream

logger = logging.getLogger("geventchat")

FORMATS = ("text", "json")
# Lines of one kind that are written in a minute: whoever can connect makes the server write some, and disks are finite.
MOST_A_MINUTE = 100
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
    handler = logging.StreamHandler(streams[1]) if streams[1] else logging.NullHandler()
    handler.setFormatter(formatter)
    handler.addFilter(SparingFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level.upper())
    sys.stdout, sys.stderr = streams
    try:
        yield
    finally:
        sys.stdout, sys.stderr = standard
        root.removeHandler(handler)
        deadline = time.monotonic() + _FINISH_S
        for stream in filter(None, streams):
            stream.finish(max(0.0, deadline - time.monotonic()))


class SparingFilter(logging.Filter):
    """Lets through MOST_A_MINUTE records of one kind in a minute, and has the last of them say so; errors, all."""

    def __init__(self) -> None:
        super().__init__()
        self._minute = 0  # since 1970
        self._seen: Counter[str] = Counter()  # in that minute, by what they say before anything is filled in

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is to be written."""
        if record.levelno >= logging.ERROR:
            return True
        if (minute := int(record.created // 60)) != self._minute:
            self._minute = minute
            self._seen.clear()
        kind = str(record.msg)
        self._seen[kind] += 1
        if self._seen[kind] == MOST_A_MINUTE:
            record.msg = f"{kind}; more lines like this are left out until the minute is over"
        return self._seen[kind] <= MOST_A_MINUTE


class JsonFormatter(logging.Formatter):
    """Makes one JSON object of a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as a line: time in UTC, level, message, and the traceback if it has one."""
        seconds, milliseconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)), int(record.msecs)
        line = {
            "time": f"{seconds}.{milliseconds:03}Z",
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()
