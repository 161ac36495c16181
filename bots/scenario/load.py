"""A scenario's file, read: a whole Scenario, or all that is wrong in it at once.

Who may stand in a script: an actor or a cast that `cast` names, `everyone`, or a name that is nowhere else, which is
one user more, so that a transcript needs no cast. Such a new name is taken for a slip when it looks like one that
`cast` names (`usr`, `Alice`, or `user30` when there are nine): a user who really is called so must stand in the cast.
Where a name cannot bring a new user (`from`, `to`, `3 of …`), every unknown name is a mistake.
"""

from collections.abc import Callable
from pathlib import Path

from bots.scenario.cast import Casting
from bots.scenario.checks import check_line, check_names, check_script
from bots.scenario.data_file import read_file, read_table
from bots.scenario.document import File
from bots.scenario.mistakes import Mistake, Report, ScenarioMistakes, SourcePosition
from bots.scenario.model import Scenario
from bots.scenario.root import read_root
from bots.scenario.script import ScriptReader
from bots.scenario.validate import validate
from bots.scenario.yaml_tree import MAX_BYTES, Node
from geventchat.protocol.text import clean

# Reads a file that stands beside the scenario's; raises OSError.
ReadBeside = Callable[[str], bytes]


def load(path: Path) -> Scenario:
    """Read a scenario. Raises ScenarioMistakes with all that is wrong in it; a file that cannot be read is one too."""

    def read(file: Path) -> bytes:
        return read_file(file, MAX_BYTES + 1)  # enough to see that a file is too large

    name = str(path).encode(errors="backslashreplace").decode()
    if name != str(path):  # it could not stand in reports, nor be told to workers
        why = "its name, or that of its folder, is not in UTF-8: rename it"
        raise ScenarioMistakes([Mistake(name, SourcePosition(1, 1), why)])
    try:
        source = read(path)
    except OSError as error:
        raise ScenarioMistakes(
            [Mistake(str(path), SourcePosition(1, 1), f"cannot be read: {error.strerror}")]
        ) from None
    return parse(source, str(path), lambda name: read(path.parent / name))


def parse(source: bytes, file: str, read_beside: ReadBeside) -> Scenario:
    """Return the scenario that a file's bytes are; `file` is what to call it. Raises ScenarioMistakes."""
    report = Report(file)
    root = read_root(
        source,
        report,
        if_empty="there is nothing in this file; the least is a script: with a line",
        if_no_keys="a scenario is made of keys, like cast: and script:, and this is none",
    )
    head = _head(root, report)
    rows = _rows(head, root, read_beside, report)
    columns = None if rows is None else frozenset(rows[0] if rows else ())

    casting = Casting(rows, report)
    for name, place in root.at(["cast"]).keys.items() if "cast" in root.parts else ():
        if name in head.cast:
            casting.declare(name, head.cast[name], place)
        else:
            casting.declare_unread(name)
    reader = ScriptReader(casting, report)
    script = reader.read(root.parts["script"]) if isinstance(root.value.get("script"), list) else ()

    title = clean(head.title or Path(file).stem)
    scenario = Scenario(file, title, head.seed, casting.casts, script, head.check, rows or (), mark=head.mark)
    for node in reader.nodes:
        check_names(node, casting, report)
    for line in reader.lines:
        check_line(line, reader.nodes[line.number], casting, columns, report)
    if scenario.actors:
        check_script(scenario, report, torn=reader.torn)
    elif not report.mistakes:
        report.wrong(root.at(["script"]).place, "nobody takes part in this script")
    report.close()
    return scenario


def _head(root: Node, report: Report) -> File:
    """Return all but the script's lines; what is wrong is reported and left out."""
    head, _ = validate(File, root.value, root, report)
    return head or File(script=[None])  # the script is missing, and nothing else of the file can be wrong without it


def _rows(head: File, root: Node, read_beside: ReadBeside, report: Report) -> tuple[dict[str, str], ...] | None:
    """Return the data file's rows, none if there is no such file; None if it cannot be read."""
    if "data" not in root.parts:
        return ()
    if head.data is None:
        return None
    try:
        return read_table(read_beside(head.data), head.data)
    except (OSError, ValueError) as error:  # a ValueError for what cannot be the name of a file
        why = error.strerror if isinstance(error, OSError) else error
        report.wrong(root.at(["data"]).place, f"{head.data} cannot be read: {why}")
    except ScenarioMistakes as mistakes:
        report.mistakes += mistakes.mistakes
    return None
