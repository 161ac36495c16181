"""How greenlets that have much to do let the others run."""

import gevent


def let_others_run() -> None:
    """Let every greenlet that can run do so, also those whose sockets have just become ready.

    `gevent.sleep(0)` would not do: gevent carries out some fifty such wishes before it looks at a socket or a timer.
    """
    gevent.sleep(1e-9)
