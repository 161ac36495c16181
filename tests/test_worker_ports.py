"""The ports of a run with workers: the one at which they are waited for, and that of Locust's page."""

import pytest
from gevent import socket

from bots.workers.page import open_page
from bots.workers.processes import check_free
from geventchat.protocol.errors import UsageError


def test_where_somebody_listens_no_workers_are_waited_for_and_no_page_is_shown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"waited for at 127.0.0.1:{port}: address already in use"):
            check_free("127.0.0.1", port)
        with pytest.raises(UsageError, match=f"--web {port}: something answers on that port already"):
            open_page(None, port, lambda: None)
    check_free("127.0.0.1", port)
