"""The scenarios that ship with the bots: inside their package where that is installed, beside it in a checkout."""

import re
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
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


def listing() -> str:
    """Return a line for each: how it is called, and its title."""
    titles = {}
    for file in sorted(folder().glob("*.yaml")):
        title = _TITLE.search(file.read_text(encoding="utf-8"))
        titles[f"scenarios/{file.name}"] = title[1] if title else ""
    width = max(map(len, titles), default=0)
    return "".join(f"{name:{width}}  {title}".rstrip() + "\n" for name, title in titles.items())
