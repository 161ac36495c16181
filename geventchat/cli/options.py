"""How our commands read their options: a mistake is one line, and --version says which version it is."""

import argparse
import sys
from typing import Any, NoReturn

from geventchat import __version__
from geventchat.protocol.errors import UsageError


class OptionParser(argparse.ArgumentParser):
    """An ArgumentParser that raises UsageError, keeps its text as it is written, and takes no shortened options."""

    def __init__(self, prog: str, description: str, epilog: str | None = None) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.add_argument("--version", action=_Version, nargs=0, help="say which version this is")

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(f"{message}; --help says what there is")


class _Version(argparse.Action):
    def __call__(self, *_: Any, **__: Any) -> None:
        print(f"geventchat {__version__}")
        sys.exit(0)
