"""How many files and connections the system lets one process have open."""

import sys


def allow(wanted: int | None = None) -> int | None:
    """Let this process have `wanted` files open, or as many as it may; return how many, or None where none are counted.

    The limit is never lowered.
    """
    if sys.platform == "win32":
        return None
    try:
        import resource
    except ImportError:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if wanted is None:
        wanted = hard
    if hard != resource.RLIM_INFINITY and (wanted > hard or wanted == resource.RLIM_INFINITY):
        wanted = hard
    if soft != resource.RLIM_INFINITY and wanted > soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (ValueError, OSError):  # macOS has a limit below the one that it names
            return soft
        return wanted
    return soft
