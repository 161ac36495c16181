"""Which files are meant by what is named, also by the names of those that ship with the bots.

These are inside the package where that is installed, beside it in a checkout.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from geventchat.protocol.errors import UsageError

_PACKAGE = Path(__file__).parent.parent
_MAX_NAME = 100  # of a slip for one of ours; comparing longer ones would take long
_TITLE = re.compile(r"^title: *(.+)", re.MULTILINE)


def folder() -> Path:
    """Return the folder that they are in."""
    installed = _PACKAGE / "scenarios"
    return installed if installed.is_dir() else _PACKAGE.parent / "scenarios"


def find(path: Path) -> Path:
    """Return what `scenarios/`, or `scenarios/NAME`, means where there is no such file; any other path as it is."""
    if path == Path("scenarios") and not path.exists():
        return folder()
    shipped = folder() / path.name
    return shipped if path.parent == Path("scenarios") and shipped.is_file() and not path.exists() else path


def is_there(path: Path) -> bool:
    """Return whether there is such a file or folder."""
    try:
        return find(path).exists()
    except OSError:  # a name that no file can have, as it is too long
        return False


def files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Yield each file, and whether it was named itself, or only the folder that it is in.

    Raises UsageError for what is not there, and for a folder without scenarios.
    """
    for named in paths:
        if not is_there(named):
            raise UsageError(f"there is no file {named}{_instead_of(named)}")
        path = find(named)
        if not path.is_dir():
            yield path, True
            continue
        inside = sorted(path.glob("*.yaml"))
        if not inside:
            raise UsageError(f"there is no scenario in {path}: no file there ends in .yaml")
        yield from ((file, False) for file in inside)


def _instead_of(path: Path) -> str:
    near = get_close_matches(path.stem[:_MAX_NAME], [file.stem for file in folder().glob("*.yaml")], n=1)
    if near:
        return f"; did you mean scenarios/{near[0]}.yaml?"
    return "; geventchat-bots scenarios lists those that ship with it"


def listing() -> str:
    """Return a line for each: how it is called, and its title."""
    titles = {}
    for file in sorted(folder().glob("*.yaml")):
        title = _TITLE.search(file.read_text(encoding="utf-8"))
        titles[f"scenarios/{file.name}"] = title[1] if title else ""
    width = max(map(len, titles), default=0)
    return "".join(f"{name:{width}}  {title}".rstrip() + "\n" for name, title in titles.items())
