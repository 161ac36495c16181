"""What bots hear, brought to where it belongs: the ledger of its room or its whispers, and the hearer's inbox.

What a bot hears together with the others in its room does not pass here, but for the first of them; see
`bots.ledger.shared_stream`. No I/O; times come in.
"""

from collections.abc import Callable
from typing import Protocol

from bots.protocols.base import Heard, Notice
from bots.scenario.model import Actor
from bots.world.world import World
from geventchat.protocol import events, replies


class Hearer(Protocol):
    """A bot, as far as it matters for what it hears."""

    actor: Actor
    nick: str
    connected: bool


class Dispatcher:
    """Takes in what any bot hears; `refused` is called with who was told an error by the server, and what it says."""

    def __init__(self, world: World, refused: Callable[[Hearer, str], None]) -> None:
        self._world = world
        self._refused = refused

    def hear(self, hearer: Hearer, heard: Heard, line: bytes, now: float) -> None:
        """Take in something that a bot heard, and the line that it came in."""
        actor, world = hearer.actor, self._world
        match heard:
            case events.Said(nick=nick, text=text):
                self._hear_message(hearer, heard, nick, text, line, now)
            case events.Acted(nick=nick, text=text):
                self._hear_message(hearer, heard, nick, f"*{text}*", line, now)
            case events.Event(room=room):
                self._note_event(hearer, heard, now)
                if membership := world.memberships.get(actor, room):
                    membership.ledger.notice(membership.attendance, line)
            case Notice():
                for membership in world.memberships.of(actor):
                    membership.ledger.notice(membership.attendance, line)
            case replies.Whispered(nick=nick, to=to, text=text):
                if world.whispers.hear(actor, hearer.nick, nick, to, text, now) == "heard":
                    world.inboxes[actor].hear_apart(nick, text, None, now)
            case replies.Welcome(nick=nick, room=room, id=event_id):
                world.identities.take(nick, actor, now)
                self._note_beginning(actor, room, event_id)
            case replies.Members(room=room, id=event_id):
                self._note_beginning(actor, room, event_id)
            case replies.Gap(room=room, first=first, last=last):
                if membership := world.memberships.get(actor, room):
                    membership.ledger.tell_gap(membership.attendance, first, last, now)
            case replies.Error(code="no-such-nick", about=str(nick)) if self._comes_back(nick, now):
                pass  # it may be on its way; whether it missed what it had to hear, its ledger says
            case replies.Error(code=code, message=message) if hearer.connected:
                self._refused(hearer, f"{message} ({code})")

    def _comes_back(self, nick: str, now: float) -> bool:
        """Return whether this is an actor's, who comes back by itself when its connection is lost."""
        actor = self._world.identities.holder(nick, now)
        return actor is not None and actor.reconnects

    def _note_event(self, hearer: Hearer, event: events.Event, now: float) -> None:
        """Note who is called what, and which others come and go; the first bot to hear of it counts."""
        world = self._world
        match event:
            case events.Renamed(nick=nick, new=new) if nick == hearer.nick:
                hearer.nick = new
                world.identities.take(new, hearer.actor, now)
            case events.Renamed(nick=nick, new=new, room=room):
                world.others.rename(nick, new, room)
                world.elsewhere.hear_renamed(nick, new)
            case events.Joined(nick=nick, room=room) if nick not in world.identities:
                world.others.join(nick, room)
            case events.Left(nick=nick, room=room):
                world.others.leave(nick, room)

    def _hear_message(self, hearer: Hearer, event: events.Event, nick: str, text: str, line: bytes, now: float) -> None:
        actor, room, inbox = hearer.actor, event.room, self._world.inboxes[hearer.actor]
        membership = self._world.memberships.get(actor, room)
        if membership is None:
            self._world.memberships.ledger(room).overhear(actor.name, nick, text, now, line)
            inbox.hear_apart(nick, text, room, now)
            return
        how, message = membership.ledger.hear(membership.attendance, nick, text, now, event.id, line)
        if message is None:
            inbox.hear_apart(nick, text, room, now)
        else:
            inbox.hear(membership, message, in_place=how == "in place")

    def _note_beginning(self, actor: Actor, room: str, event_id: str | None) -> None:
        membership = self._world.memberships.get(actor, room)
        if membership is not None and event_id and not membership.began_at:
            membership.began_at = event_id
