"""All actors of a scenario, and what each of them can do in one act of a line."""

import time

import gevent

from bots.engine.auto_replies import Answering
from bots.engine.bot import Bot, NotDone
from bots.engine.expectations import Listening, Places
from bots.engine.joining import Coming
from bots.engine.paced_reader import FULL_PACE
from bots.engine.reconnecting import Returning
from bots.engine.sending import CannotSay, Speaking
from bots.protocols.dialects import DIALECTS
from bots.report.outcome import Outcome
from bots.scenario import actions
from bots.scenario.model import Actor, Line
from bots.scenario.render import text_of
from bots.scenario.schedule import Act
from bots.world.dispatcher import Intake
from bots.world.identities import Nicks
from bots.world.inbox import Inbox
from bots.world.memberships import Whereabouts
from bots.world.whispers import Whispers
from geventchat.commands.commands import LOBBY


class Company:
    """The actors of a scenario, and all that they can do at the server at `address`; `speed` shortens waiting."""

    def __init__(self, outcome: Outcome, address: tuple[str, int], dialect: str, speed: float) -> None:
        scenario = outcome.scenario
        self._outcome = outcome
        self._scenario = scenario
        self._speed = speed
        whereabouts = Whereabouts(outcome.rooms, outcome.make_ledger)
        nicks = Nicks(scenario.actors)
        whispers = Whispers(outcome.whispers, outcome.make_ledger, nicks)
        self._speaking = Speaking(whereabouts, whispers)
        self.coming = Coming(outcome, whereabouts, whispers, self._speaking)
        self.returning = Returning(outcome, whereabouts, whispers, self.coming)
        inboxes: dict[Actor, Inbox] = {}
        self.bots: dict[Actor, Bot] = {}
        self._whereabouts = whereabouts
        self.listening = Listening(outcome, inboxes, nicks)
        intake = Intake(outcome, whereabouts, whispers, nicks, inboxes)
        for actor in scenario.actors:
            bot = self.bots[actor] = Bot(actor, address, DIALECTS[dialect], intake.hear, self.returning.lose)
            keeps = actor in self.listening.listeners
            inboxes[actor] = Inbox(bot.ear, whereabouts.ever(actor), keeps=keeps)
        self.answering = Answering(outcome, self.bots, inboxes, nicks, self.listening, self._speaking, speed)

    def addressee(self, whisper: actions.Whisper) -> Bot:
        """Return who is to hear a whisper."""
        return self.bots[self._scenario.group(whisper.to)[0]]

    def act(self, bot: Bot, line: Line, act: Act, due: float, sender: str, before: Places) -> str | None:
        """Let an actor do something; return who was heard, where it waited for that."""
        try:
            return self._carry_out(bot, line, act, due, sender, before)
        except (NotDone, CannotSay) as reason:
            self._outcome.fail(line, str(reason))
        except OSError as error:
            if bot.leaving and not isinstance(line.action, actions.Leave):
                return None  # passed over: the script has let it leave, or drop the connection, meanwhile
            why = f": {error.strerror or error}" if bot.connected else ", for its connection is gone"
            self._outcome.fail(line, f"{bot.nick} could not{why}")
        return None

    def _carry_out(self, bot: Bot, line: Line, act: Act, due: float, sender: str, before: Places) -> str | None:
        scenario, action = self._scenario, line.action
        match action:
            case actions.Say(say=words, room=room):
                text = text_of(words, scenario, line, act, nick=bot.nick, sender=sender)
                self._speaking.say(bot, text, room, due)
            case actions.Act(act=words, room=room):
                text = text_of(words, scenario, line, act, nick=bot.nick, sender=sender)
                self._speaking.act(bot, text, room, due)
            case actions.Whisper(whisper=words):
                text = text_of(words, scenario, line, act, nick=bot.nick, sender=sender)
                self._speaking.whisper(bot, self.addressee(action), text, due)
            case actions.Rename(rename=words):
                self.coming.rename(bot, text_of(words, scenario, line, act, nick=bot.nick))
            case actions.Join(join=room):
                self.returning.wait_for(bot)
                self.coming.join(bot, room or LOBBY)
            case actions.Leave(leave=words, room=room):
                reason = text_of(words, scenario, line, act, nick=bot.nick, sender=sender) if words else ""
                if room is None:
                    self.coming.leave(bot, reason, line)
                else:
                    self.coming.leave_room(bot, room, reason, line)
            case actions.Wait(wait=seconds):
                gevent.sleep(seconds / self._speed)
            case actions.Ping(within=within):
                self._ping(bot, within, line)
            case actions.Drop(drop=how):
                self.returning.drop(bot, how)
            case actions.Reconnect():
                if not bot.coming_back:
                    self.returning.reconnect(bot)
            case actions.Read(read=pace):
                self._read(bot, pace)
            case actions.SendBytes(send_bytes=data):
                bot.send_bytes(data)
            case actions.Expect():
                return self.listening.expect(bot, line, action, act, sender)
            case actions.ExpectNone():
                self.listening.expect_none(bot, line, action, act, sender, before)
            case actions.Reply():
                self.answering.begin(bot, line, action, act)
        return None

    def _ping(self, bot: Bot, within: float, line: Line) -> None:
        match bot.ping(within):
            case "late":
                self._outcome.fail(line, f"{bot.nick} got no pong within {within:g} s")
            case "lost" if not bot.leaving:
                self._outcome.fail(line, f"{bot.nick} lost the connection before its pong came")

    def _read(self, bot: Bot, pace: float) -> None:
        bot.reading.at(pace)
        bot.stopped_at = None if pace else time.monotonic()
        for stay in self._whereabouts.stays(bot.actor):
            stay.reader.pace.timed = stay.reader.pace.timed and pace == FULL_PACE


def can_do(bot: Bot, line: Line) -> bool:
    """Whether an actor can do this where it is: when it is not here, come, wait, or say something once it is back."""
    if bot.is_here:
        return True
    if isinstance(line.action, actions.Say | actions.Act):
        return bot.says_later
    return isinstance(line.action, actions.Join | actions.Reconnect | actions.Wait)
