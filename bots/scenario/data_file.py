"""Files that somebody names, read whole; and a data file: CSV whose first row names the columns."""

import csv
from io import StringIO
from pathlib import Path

from bots.scenario.mistakes import Report, SourcePosition
from bots.scenario.template import BUILT_IN
from geventchat.protocol.text import clean

# A data file that is larger is none for a scenario.
MAX_BYTES = 8 << 20
# Pipes that a shell has opened, as in `check <(make-scenario)`: they end.
_OPENED = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")


def read_file(path: Path, most: int = -1) -> bytes:
    """Return a file's bytes, `most` of them at the most. Raises OSError, also for a pipe that may never end."""
    if path.is_fifo() and not str(path).startswith(_OPENED):
        raise OSError(None, "It is a pipe, and perhaps nobody writes to it")
    with path.open("rb") as opened:
        return opened.read(most)


def read_table(source: bytes, file: str) -> tuple[dict[str, str], ...]:
    """Return the rows by column; `file` is what to call it. Raises ScenarioMistakes with all that is wrong."""
    report = Report(file)
    rows: list[dict[str, str]] = []
    try:
        if len(source) > MAX_BYTES:
            raise ValueError(f"a data file has {MAX_BYTES >> 20} MiB at most, and this one has more")
        table = csv.reader(StringIO(source.decode("utf-8-sig"), newline=""), strict=True)
        columns = [name.strip() for name in next(table, [])]
        _check_columns(columns, report)
        for row in filter(None, table):
            place = SourcePosition(table.line_num, 1)
            if len(row) != len(columns):
                report.wrong(place, f"{len(row)} cells, but there are {len(columns)} columns")
            elif empty := [name for name, cell in zip(columns, row, strict=True) if not cell.strip()]:
                report.wrong(place, f"the cell of {empty[0]} is empty, and there would be nothing to say")
            elif bad := [cell for cell in row if cell != clean(cell)]:
                report.wrong(place, f"{bad[0]!r} is not a single line of text")
            rows.append(dict(zip(columns, row, strict=False)))
        if not rows:
            report.wrong(SourcePosition(1, 1), "a data file needs a row of column names, and at least one row of data")
    except UnicodeDecodeError as error:
        report.wrong(SourcePosition(source[: error.start].count(b"\n") + 1, 1), "this is not UTF-8 text")
    except (csv.Error, ValueError) as error:
        report.wrong(SourcePosition(1, 1), str(error))
    report.close()
    return tuple(rows)


def _check_columns(columns: list[str], report: Report) -> None:
    for number, name in enumerate(columns):
        if not name or "{" in name or "}" in name:
            report.wrong(SourcePosition(1, 1), f"column {number + 1} has no name that could stand in a placeholder")
        elif name in BUILT_IN:
            report.wrong(SourcePosition(1, 1), f"a column cannot be called {name}: {{{name}}} has a meaning already")
        elif name in columns[:number]:
            report.wrong(SourcePosition(1, 1), f"two columns are called {name}")
