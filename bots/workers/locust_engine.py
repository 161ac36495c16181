"""Locust, as far as it is used here: its runners for master and workers. Nothing is patched."""

import logging
import os
from contextlib import suppress
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


def pass_over_what_is_strange(runner: Any) -> None:
    """Have a master hear on after what none of our workers sends, as somebody else's Locust does."""
    from locust.exception import RPCError, RPCReceiveError

    receive, handle = runner.server.recv_from_client, runner.handle_message

    def receive_or_pass_over() -> Any:
        try:
            return receive()
        except RPCError:
            raise
        except Exception as error:
            raise RPCReceiveError("this is no message of Locust's") from error

    def handle_or_pass_over(client_id: str, msg: Any) -> None:
        with suppress(Exception):  # ours are not among these: Locust catches what is raised while they are heard
            handle(client_id, msg)

    runner.server.recv_from_client, runner.handle_message = receive_or_pass_over, handle_or_pass_over
