"""How our commands read their options: a mistake is one line with what was perhaps meant, and --version is known."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from geventchat import __version__
from geventchat.protocol.errors import UsageError
from geventchat.system import stdio

# Words longer than this are no slips of other words, and comparing them would take long.
_MAX_WORD = 100


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean …?` where something known is like the word, otherwise nothing."""
    near = get_close_matches(word[:_MAX_WORD].lower(), known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


class OptionParser(argparse.ArgumentParser):
    """An ArgumentParser that raises UsageError, keeps its text as it is written, and takes no shortened options.

    For a word that it does not know, it names the option or the verb that is like it; `meant(word)` is asked first, and
    returns what to write instead, or None.
    """

    def __init__(
        self,
        prog: str,
        description: str,
        epilog: str | None = None,
        *,
        verbs: Sequence[str] = (),
        meant: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self._verbs = verbs
        self._meant = meant
        self.add_argument("--version", action=_Version, nargs=0, help="say which version this is")

    @property
    def shown(self) -> dict[str, argparse.Action]:
        """The options that the help shows, by their long names."""
        shown = [action for action in self._actions if action.help != argparse.SUPPRESS]
        return {name: action for action in shown for name in action.option_strings if name.startswith("--")}

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return the options. Raises UsageError, and SystemExit once the help is printed."""
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self.error(f"{unknown[0]} is not known{self._instead_of(unknown[0])}")
        return options

    def print_help(self, file: Any = None) -> None:
        """Print what there is. Raises CannotPrint: argparse would pass over that."""
        with stdio.printing():
            print(self.format_help(), end="", file=file, flush=True)

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(message if message.endswith("?") else f"{message}; --help says what there is")

    def _instead_of(self, word: str) -> str:
        if instead := self._meant(word):
            return f"; did you mean {instead}?"
        if not word.startswith("-"):
            return did_you_mean(word, self._verbs)
        return did_you_mean(word.partition("=")[0], self.shown)


class _Version(argparse.Action):
    def __call__(self, *_: Any, **__: Any) -> None:
        with stdio.printing():
            print(f"geventchat {__version__}", flush=True)
        sys.exit(0)
