"""Locust's own page, for those who know a run from there: what it shows comes from the workers' reports to Locust."""

import sys
from collections.abc import Callable
from typing import Any

import gevent
from gevent import socket

from bots.ledger.histogram import Histogram
from bots.report.outcome import Outcome
from geventchat.protocol.address import show
from geventchat.protocol.errors import UsageError

_HOST = "127.0.0.1"
# In Locust's words, a request has a type and a name: what an actor does; and a message that comes to a reader.
_DONE, _DELIVERED = "action", "delivery"
_FAILED = "failure"


def open_page(environment: Any, port: int, stop: Callable[[], None]) -> str:
    """Show the page on a port of this machine, and return its address; its button for stopping calls `stop`.

    Raises UsageError if the port is taken.
    """
    try:
        socket.create_connection((_HOST, port), 1).close()
    except OSError:
        pass
    else:
        raise UsageError(f"--web {port}: something answers on that port already")
    from flask import jsonify
    from locust.stats import stats_history

    del sys.argv[1:]  # for each page that it shows, Locust reads the command's words as its own options
    web = environment.create_web_ui(_HOST, port, delayed_start=True)

    def stopping() -> Any:
        stop()
        return jsonify({"success": True, "message": "The run is being stopped"})

    def swarming() -> Any:
        return jsonify({"success": False, "message": "Scenarios are started by geventchat-bots"})

    web.app.view_functions["locust.stop"] = stopping
    web.app.view_functions["locust.swarm"] = swarming
    web.start()
    gevent.spawn(stats_history, environment.runner)
    return f"http://{show((_HOST, port))}"


def begin(environment: Any, server: str) -> None:
    """Show a run that begins."""
    environment.host = server
    environment.stats.clear_all()
    environment.runner.update_state("running")


def end(environment: Any) -> None:
    """Show that a run has ended."""
    environment.runner.update_state("stopped")


class Reported:
    """What one worker reports to Locust: its users, what they do and how long that takes, and what they hear."""

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self._outcome: Outcome | None = None
        environment.events.report_to_master.add_listener(self._add_users)

    def begin(self, outcome: Outcome) -> None:
        """Begin with a run."""
        self._outcome = outcome
        self._environment.stats.clear_all()
        self._environment.runner.worker_state = "running"
        outcome.acted, outcome.failures.told = self._acted, self._failed

    def end(self) -> None:
        """End with it."""
        self._outcome = None
        self._environment.runner.worker_state = "ready"

    def _acted(self, action: str, seconds: float, failure: str) -> None:
        """Note that an actor did something, which took so long; `failure` says why it could not, if so.

        That is also told as a failure of the run.
        """
        self._environment.events.request.fire(
            request_type=_DONE,
            name=action,
            response_time=seconds * 1000,
            response_length=0,
        )
        if failure:
            self._environment.stats.get(action, _DONE).log_error(failure)

    def _failed(self, failure: str) -> None:
        """Note what could not be carried out, or what a user was told instead."""
        from locust.stats import StatsError

        stats = self._environment.stats
        stats.total.log_error(failure)
        stats.errors.setdefault(
            StatsError.create_key(_FAILED, "", failure), StatsError(_FAILED, "", failure)
        ).occurred()

    def heard(self, latency: Histogram) -> None:
        """Note what was heard in a second, and how late."""
        stats = self._environment.stats
        for entry in (stats.get("message to reader", _DELIVERED), stats.total):
            for seconds, times in latency.counts():
                entry.log(round(seconds * 1000), 0)
                self._add_more(entry, round(seconds * 1000), times - 1)

    @staticmethod
    def _add_more(entry: Any, ms: int, times: int) -> None:
        """Count the same once more, so many times: a room is heard by many at once."""
        from locust.stats import bucket_response_time

        entry.num_requests += times
        entry.num_reqs_per_sec[int(entry.last_request_timestamp)] += times
        entry.total_response_time += ms * times
        entry.response_times[bucket_response_time(ms)] += times

    def _add_users(self, client_id: str, data: dict[str, Any]) -> None:
        del client_id
        outcome = self._outcome
        users = sum(change for _, change in outcome.came_and_went) if outcome is not None else 0
        data["user_classes_count"], data["user_count"] = {"bot": users}, users
