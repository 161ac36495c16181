"""Work that gives way to all other work, where the system can have that of one thread."""

import os
import sys
from contextlib import suppress

# How much the system puts such a thread off for others.
_NICENESS = 10


def give_way() -> None:
    """Have the system run this thread behind all others from now on, where it can."""
    if sys.platform == "linux":  # elsewhere it would be the whole process
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
