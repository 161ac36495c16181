"""Locust, as far as it is used here: its runners for master and workers. Nothing is patched."""

import logging
import os
from typing import Any

from geventchat.protocol.errors import UsageError

# Runs that last for hours need no lines about each heartbeat; what matters is told by us.
_LOGGERS = ("locust", "locust.runners", "locust.web", "locust.user.users")


def environment() -> Any:
    """Return an environment of Locust's, with nothing in it. Raises UsageError if Locust is not installed."""
    os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
    os.environ.setdefault("LOCUST_SKIP_URLLIB3_PATCH", "1")
    try:
        from locust.env import Environment
    except ImportError:
        raise UsageError("workers need Locust, which is not installed: pip install 'geventchat[workers]'") from None
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    logging.getLogger().setLevel(logging.CRITICAL + 1)
    return Environment()
