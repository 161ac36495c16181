"""A configuration file, in TOML: each option of a command by its name without the dashes, as if it were given there.

What is given on the command line counts instead. Names of files are meant from where the configuration is.
"""

import argparse
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from geventchat.cli.options import did_you_mean
from geventchat.protocol.errors import UsageError

# Not for a file: what asks for something else than serving, and the file itself.
_NOT_KEYS = ("--help", "--version", "--config")


def keys(options: Mapping[str, argparse.Action]) -> dict[str, argparse.Action]:
    """Return what can stand in a file, of a command with these options."""
    return {name.removeprefix("--"): action for name, action in options.items() if name not in _NOT_KEYS}


def words(file: str, options: Mapping[str, argparse.Action], given: Sequence[str]) -> list[str]:
    """Return what a file says as words of a command line, but for what is `given` there. Raises UsageError."""
    path = Path(file)
    known = keys(options)
    found: list[str] = []
    for key, value in _read(path).items():
        action = known.get(key)
        if action is None:
            hint = did_you_mean(key, known) or "; --help says which there are"
            raise UsageError(f"{path}: {key} is no option{hint}")
        option = f"--{key}"
        if not any(word == option or word.startswith(f"{option}=") for word in given):
            found += _words(path, option, value, action)
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--config {path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: TOML is written in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: that is no TOML: {error}") from None


def _words(path: Path, option: str, value: object, action: argparse.Action) -> list[str]:
    key = option.removeprefix("--")
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise UsageError(f"{path}: {key} is true or false")
        return [option] if value else []
    many = value if isinstance(value, list) else [value]
    is_repeated = isinstance(action, argparse._AppendAction)
    if len(many) != 1 and not is_repeated:
        raise UsageError(f"{path}: {key} has one value")
    if any(isinstance(one, bool) or not isinstance(one, str | int | float) for one in many):
        raise UsageError(f"{path}: {key} is a text or a number{', or a list of them' if is_repeated else ''}")
    return [f"{option}={_meant(path, str(one), action)}" for one in many]


def _meant(path: Path, value: str, action: argparse.Action) -> str:
    """Return a value; one that is the name of a file, from where the configuration is."""
    others = str(action.metavar).split("|")
    if "FILE" not in others or value in others or not value:
        return value
    return str(path.parent / Path(value).expanduser())
