"""How the verbs of geventchat-serve end: what is wrong is one line, and an exit status for scripts."""

import sys
from collections.abc import Callable

from geventchat.protocol.errors import Refused, UsageError
from geventchat.system.stdio import print_nowhere


def run(prog: str, work: Callable[[], None]) -> int:
    """Do the work, which prints; return 0, 1 if it cannot be printed, 2 for what makes no sense, 130 for Ctrl-C."""
    try:
        work()
        sys.stdout.flush()
    except (UsageError, Refused) as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print_nowhere()
        print(f"{prog}: cannot be written: {(error.strerror or str(error)).lower()}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
