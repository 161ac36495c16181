"""The client at a terminal: conversation, connection and screen brought together."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from math import ceil, inf
from typing import Protocol

import gevent
from gevent.event import AsyncResult, Event
from gevent.queue import Queue

from geventchat.client.reconnect import Connection, Dial
from geventchat.client.terminal import view
from geventchat.client.terminal.conversation import Conversation
from geventchat.client.terminal.dumb import Plain
from geventchat.client.terminal.effects import Alert, Effect, Leave, NewDay, Retry
from geventchat.client.terminal.prompt import Prompt
from geventchat.client.terminal.status import Status, status
from geventchat.client.terminal.user_input import Find, UserInput
from geventchat.commands import commands
from geventchat.commands.command import Command
from geventchat.protocol import replies
from geventchat.protocol.errors import Refused
from geventchat.system import signals, stdio, terminal

# How long the server has, once the user leaves, to say that it has stored what was said.
_STORE_S = 5.0
_GOODBYE_S = 2.0
# How often it is shown who came to a crowd and, without a connection, how long it is to the next try.
_TICK_S = 1.0
# What comes within this time is shown together: no eye sees the difference, and the terminal has less to do.
_GATHER_S = 0.02
# With so many lines to be shown that the screen does not take yet, no more is heard: the server waits then.
_MOST_WAITING = 1000


def run(dial: Dial, name: str, room: str, login: commands.Credentials | None = None, *, bell: bool) -> int:
    """Chat until the user leaves; return the exit status, 0 if all that was said is stored.

    `dial` connects to the server; `login` logs in to an account.

    Raises ServerUnavailable or Refused if the server cannot be reached or does not let us in.
    """
    return App(dial, name, room, login, bell=bell).run()


class _Screen(Protocol):
    """Where the user types and reads. `update` does not wait for the terminal, and `stop` not for long."""

    def run(self) -> None:
        """Read what is typed, until `stop` or the end of the input."""

    def takes(self) -> int:
        """Return how many further lines `update` may be given now."""

    def update(self, status: Status, lines: Sequence[view.Line] = (), *, alert: bool = False) -> None:
        """Show the status and further lines."""

    def find(self, text: str) -> None:
        """Show where a text was said."""

    def stop(self) -> None:
        """Leave the terminal as it was."""


class App:
    """Passes on what is entered and heard, and does what the conversation says is to be done."""

    def __init__(
        self, dial: Dial, name: str, room: str, login: commands.Credentials | None = None, *, bell: bool
    ) -> None:
        self._conversation = Conversation(name, room, secrets.token_hex(4), login)
        self._connection = Connection(dial, self)
        self._entered: Queue[UserInput] = Queue()
        self._ended: AsyncResult[Leave] = AsyncResult()
        self._settled = Event()
        self._lines: list[view.Line] = []  # to be shown
        self._caught_up = Event()
        self._caught_up.set()
        self._alert = False
        self._changed = Event()
        self._today = _now().date()
        self._work = (self._connection.keep, self._obey, self._paint, self._tick)
        self._loop = gevent.get_hub().loop
        screen = Prompt if terminal.can_draw() else Plain
        self._screen: _Screen = screen(self._hand_over, bell=bell)

    def run(self) -> int:
        """Chat until the user leaves; return the exit status."""
        self._connection.connect()
        signals.on_end(lambda: self._ended.set(Leave()))
        gevent.spawn(self._guard, self._screen.run)
        workers = [gevent.spawn(self._guard, work) for work in self._work]
        leave = Leave()
        try:
            leave = self._ended.get() or leave
            if self._conversation.pending and self._conversation.connected:
                self._settled.wait(_STORE_S)
        finally:
            gevent.killall(workers, timeout=1)
            self._connection.close(_GOODBYE_S, leave.goodbye)
            self._show()
            self._screen.stop()
        return self._report(leave.reason)

    # What the connection tells.

    def hello(self) -> commands.Hello:
        """Return the command that introduces the user."""
        return self._conversation.hello()

    def welcomed(self, welcome: replies.Welcome) -> None:
        """Receive the answer to hello."""
        self._do(self._conversation.welcomed(welcome))

    def heard(self, message: replies.Message) -> None:
        """Receive any other message, once the screen has shown enough of those before."""
        self._caught_up.wait()
        self._do(self._conversation.heard(message))
        if len(self._lines) >= _MOST_WAITING:
            self._caught_up.clear()
        if not self._conversation.pending:
            self._settled.set()

    def measured(self) -> None:
        """Show the round trip time, or the time until the next try."""
        self._do([])

    def lost(self, why: str) -> None:
        """Go on without the connection."""
        self._do(self._conversation.lost(why))

    def turned_away(self, refusal: Refused) -> None:
        """Receive why the server does not let the user in again."""
        self._do(self._conversation.turned_away(refusal))

    # What the user enters.

    def _hand_over(self, entered: UserInput) -> None:
        """Pass on what was entered; called in any thread."""
        self._loop.run_callback_threadsafe(self._entered.put_nowait, entered)

    def _obey(self) -> None:
        while True:
            self._settled.clear()
            self._do(self._conversation.entered(self._entered.get()))

    def _do(self, effects: list[Effect]) -> None:
        now = _now()
        if now.date() != self._today:
            self._today = now.date()
            self._lines += view.lines(NewDay(self._today), "", now)
        for effect in effects:
            match effect:
                case Command():
                    self._connection.send(effect)
                case Leave():
                    self._ended.set(effect)
                case Retry():
                    self._connection.retry_now()
                case Alert():
                    self._alert = True
                case Find(text=text):
                    self._screen.find(text)
                case _:
                    self._lines += view.lines(effect, self._conversation.nick, now)
        self._changed.set()

    def _paint(self) -> None:
        while self._changed.wait():
            gevent.sleep(_GATHER_S)
            self._changed.clear()
            self._show(self._screen.takes())

    def _tick(self) -> None:
        while True:
            gevent.sleep(_TICK_S)
            gathered = self._conversation.gathered()
            if gathered or not self._conversation.connected:
                self._do(gathered)

    def _show(self, most: int | None = None) -> None:
        """Show what there is to show, but no more than `most` lines of it."""
        lines, self._lines = self._lines[:most], self._lines[most:] if most is not None else []
        alert, self._alert = self._alert, False
        self._screen.update(status(self._conversation, self._link()), lines, alert=alert)
        if self._lines:
            self._changed.set()
        if len(self._lines) < _MOST_WAITING:
            self._caught_up.set()

    def _link(self) -> tuple[str, ...]:
        """Return how the connection is, what matters most first."""
        if self._conversation.connected:
            round_trip = self._connection.round_trip_s
            return ("connected" if round_trip is None else f"{round_trip * 1000:.0f} ms",)
        wait = self._connection.next_try_in_s
        if wait is None:
            return ("offline, trying",)
        if wait == inf:
            return ("offline", "Enter tries again")
        return (f"offline, next try in {ceil(wait)} s", "Enter tries now")

    def _guard(self, work: Callable[[], None]) -> None:
        """Let the end of a worker be the end of all, so that the terminal is given back before anyone hears of it.

        Where it ends by itself, as there is nothing more to read, what was read before is said first.
        """
        try:
            work()
        except Exception as error:
            self._ended.set_exception(error)
        else:
            self._hand_over(None)

    def _report(self, reason: str) -> int:
        """Say what went wrong, if anything did; return the exit status."""
        pending = self._conversation.pending.unacknowledged()
        if reason:
            stdio.write_error(f"geventchat-client: {reason}\n")
        if pending:
            texts = "".join(f"  {command.text}\n" for command in pending)
            stdio.write_error(f"geventchat-client: these are not known to be stored:\n{texts}")
        return 1 if reason or pending else 0


def _now() -> datetime:
    return datetime.now().astimezone()
