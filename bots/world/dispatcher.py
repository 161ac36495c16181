"""What bots hear, brought to where it belongs: the ledger of its room or its whispers, and the hearer's inbox.

What a bot hears together with the others in its room does not pass here, but for the first of them; see
`bots.ledger.shared_stream`.
"""

import time
from collections.abc import Mapping

from bots.engine.bot import Bot
from bots.protocols.dialects import Heard
from bots.report.outcome import Outcome
from bots.scenario.model import Actor
from bots.world.identities import Nicks
from bots.world.inbox import Inbox
from bots.world.memberships import Whereabouts
from bots.world.whispers import Whispers
from geventchat.protocol import events, replies


class Intake:
    """Takes in what any bot hears; nothing here waits."""

    def __init__(
        self,
        outcome: Outcome,
        whereabouts: Whereabouts,
        whispers: Whispers,
        nicks: Nicks,
        inboxes: Mapping[Actor, Inbox],
    ) -> None:
        self._outcome = outcome
        self._whereabouts = whereabouts
        self._whispers = whispers
        self._nicks = nicks
        self._inboxes = inboxes
        self._errors_fail = outcome.scenario.check.errors == "none"

    def hear(self, bot: Bot, heard: Heard, line: bytes) -> None:
        """Take in something that a bot heard, and the line that it came in."""
        match heard:
            case events.Said(nick=nick, text=text, room=room, id=event_id):
                self._hear_message(bot, nick, text, room, event_id, line)
            case events.Acted(nick=nick, text=text, room=room, id=event_id):
                self._hear_message(bot, nick, f"*{text}*", room, event_id, line)
            case events.Event(room=room):
                if isinstance(heard, events.Renamed) and heard.nick == bot.nick:
                    self._rename(bot, heard.new)
                if stay := self._whereabouts.stay(bot.actor, room):
                    stay.ledger.notice(stay.reader, line)
            case replies.Whispered(nick=nick, to=to, text=text):
                now = time.monotonic()
                if self._whispers.hear(bot.actor, bot.nick, nick, to, text, now) == "heard":
                    self._inboxes[bot.actor].hear_apart(nick, text, None, now)
            case replies.Welcome(nick=nick, room=room, id=event_id):
                self._nicks.take(nick, bot.actor, time.monotonic())
                self._note_beginning(bot, room, event_id)
            case replies.Members(room=room, id=event_id):
                self._note_beginning(bot, room, event_id)
            case replies.HelpText(lines=[words]):
                if words.startswith(f"{bot.nick} is now "):
                    self._rename(bot, words.removeprefix(f"{bot.nick} is now "))
                for stay in self._whereabouts.stays(bot.actor):
                    stay.ledger.notice(stay.reader, line)
            case replies.Error(code=code, message=message) if bot.connected and self._errors_fail:
                self._outcome.failures.append(f"{bot.nick} was told: {message} ({code})")

    def _hear_message(self, bot: Bot, nick: str, text: str, room: str, event_id: str, line: bytes) -> None:
        now, inbox = time.monotonic(), self._inboxes[bot.actor]
        stay = self._whereabouts.stay(bot.actor, room)
        if stay is None:
            self._whereabouts.ledger(room).overhear(bot.actor.name, nick, text, now, line)
            inbox.hear_apart(nick, text, room, now)
        elif (how := stay.ledger.hear(stay.reader, nick, text, now, event_id, line)) == "apart":
            inbox.hear_apart(nick, text, room, now)
        else:
            inbox.hear(stay, in_place=how == "in place")

    def _rename(self, bot: Bot, nick: str) -> None:
        bot.nick = nick
        self._nicks.take(nick, bot.actor, time.monotonic())

    def _note_beginning(self, bot: Bot, room: str, event_id: str | None) -> None:
        stay = self._whereabouts.stay(bot.actor, room)
        if stay is not None and event_id and not stay.after:
            stay.after = event_id
