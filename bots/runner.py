"""A scenario, carried out: each line when it is due, by the actors whom it names."""

import time

import gevent

from bots import actions
from bots.answering import Answering
from bots.bot import FULL_PACE, Bot, NotDone
from bots.coming import Coming
from bots.dialects import DIALECTS
from bots.inbox import Inbox
from bots.intake import Intake
from bots.listening import Listening, Places
from bots.nicks import Nicks
from bots.outcome import Outcome
from bots.plan import Act, latecomers, plan
from bots.returning import Returning
from bots.scenario import Actor, Line, Pause, Scenario, Script
from bots.settling import QUIET_S, settle
from bots.speaking import CannotSay, Speaking
from bots.speech import text_of
from bots.whereabouts import Whereabouts
from bots.whispers import Whispers
from geventchat.commands import LOBBY

# Acts that are due already are carried out so many at a time, before what was heard gets its turn.
_BURST = 32

_Spoken = actions.Say | actions.Act | actions.Whisper
# What is done in no time, and so in the greenlet that waits for the next act to be due.
_Quick = _Spoken | actions.SendBytes | actions.Read


class Runner:
    """Runs one scenario against the server at `address`."""

    def __init__(self, scenario: Scenario, address: tuple[str, int], dialect: str, speed: float = 1.0) -> None:
        outcome = self.outcome = Outcome(scenario)
        self._scenario = scenario
        self._speed = speed
        self._pause_s = DIALECTS[dialect].pause_s
        self._last_due = 0.0
        whereabouts = Whereabouts(outcome.rooms, outcome.make_ledger)
        nicks = Nicks(scenario.actors)
        whispers = Whispers(outcome.whispers, outcome.make_ledger, nicks)
        self._speaking = Speaking(outcome, whereabouts, whispers)
        self._coming = Coming(outcome, whereabouts, whispers, self._speaking)
        self._returning = Returning(outcome, whereabouts, whispers, self._coming)
        inboxes: dict[Actor, Inbox] = {}
        self._bots: dict[Actor, Bot] = {}
        self._whereabouts = whereabouts
        self._listening = Listening(outcome, inboxes, nicks)
        intake = Intake(outcome, whereabouts, whispers, nicks, inboxes)
        for actor in scenario.actors:
            bot = self._bots[actor] = Bot(actor, address, DIALECTS[dialect], intake.hear, self._returning.lose)
            keeps = actor in self._listening.listeners
            inboxes[actor] = Inbox(bot.ear, whereabouts.ever(actor), keeps=keeps)
        self._answering = Answering(outcome, self._bots, inboxes, nicks, self._listening, self._speaking, speed)

    def run(self) -> Outcome:
        """Carry out the script; return what was seen, also when it was interrupted or somebody was not let in."""
        outcome, began = self.outcome, time.monotonic()
        late = latecomers(self._scenario)
        try:
            self._coming.let_in([bot for actor, bot in self._bots.items() if actor not in late])
            gevent.sleep(5 * self._pause_s)  # a server may greet a newcomer before it sends to it what others say
            outcome.began = time.monotonic()
            self._play(self._scenario.script, "", {})
            settle(outcome, self._bots.values(), self._returning, self._answering)
        except KeyboardInterrupt:
            outcome.interrupted = True
        except NotDone as refusal:
            outcome.failures.append(str(refusal))
        finally:
            until = time.monotonic() - QUIET_S if outcome.interrupted else float("inf")
            outcome.seconds = time.monotonic() - began
            for bot in self._bots.values():
                if bot.connected:
                    bot.drop("close")
            for ledger in outcome.ledgers.values():
                ledger.close(until)
            outcome.timeline.close()
        return outcome

    def _play(self, script: Script, sender: str, before: Places) -> str:
        """Carry out a part of the script; return who spoke last in it.

        `sender` is who spoke last before it, and `before` is what had been heard when the step before it began.
        """
        for step in script:
            places = self._listening.places()
            if isinstance(step, Line):
                sender = self._do(step, sender, before)
                gevent.sleep(self._pause_s)
            elif isinstance(step, Pause):
                gevent.sleep(step.seconds / self._speed)
            else:
                branches = [gevent.spawn(self._play, branch, sender, before) for branch in step.branches]
                gevent.joinall(branches, raise_error=True)
                sender = branches[-1].value or sender
            before = places
        return sender

    def _do(self, line: Line, sender: str, before: Places) -> str:
        """Carry out a line; return who spoke last."""
        # A line that has its time is due then, however late what stood before it has ended.
        at = line.action.at
        start = time.monotonic() if at is None else self.outcome.began + at / self._speed
        waiting = []
        speaker = sender
        for number, act in enumerate(plan(self._scenario, line), 1):
            due = self._spaced(start + act.due / self._speed)
            early = due - time.monotonic()
            if early > 0 or not number % _BURST:
                gevent.sleep(max(0.0, early))
            bot = self._bots[act.actor]
            if not (bot.is_here or _can_be_done_away(bot, line)):
                continue  # passed over: it has left, or lost the connection
            if isinstance(line.action, _Spoken):
                speaker = bot.nick
            if isinstance(line.action, _Quick) and not self._has_to_wait(bot, line):
                self._act(bot, line, act, due, sender, before)
            else:
                waiting.append(gevent.spawn(self._act, bot, line, act, due, sender, before))
        gevent.joinall(waiting, raise_error=True)
        if isinstance(line.action, actions.Expect):
            return next((one.value for one in reversed(waiting) if one.value), speaker)
        return speaker

    def _spaced(self, due: float) -> float:
        """Return when something is due so that it is not close to what came before, where the pace is to be gentle."""
        if self._pause_s and self._speed < 1:
            due = self._last_due = max(due, self._last_due + self._pause_s)
        return due

    def _has_to_wait(self, bot: Bot, line: Line) -> bool:
        """Whether somebody who takes part in this is just changing name or room."""
        to = self._addressee(line.action) if isinstance(line.action, actions.Whisper) else bot
        return bot.changing.locked() or to.changing.locked()

    def _addressee(self, whisper: actions.Whisper) -> Bot:
        return self._bots[self._scenario.group(whisper.to)[0]]

    def _act(self, bot: Bot, line: Line, act: Act, due: float, sender: str, before: Places) -> str | None:
        """Let an actor do something; return who was heard, where it waited for that."""
        try:
            return self._carry_out(bot, line, act, due, sender, before)
        except (NotDone, CannotSay) as reason:
            self.outcome.fail(line, str(reason))
        except OSError as error:
            self.outcome.fail(line, f"{bot.nick} could not: {error.strerror or error}")
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
                self._speaking.whisper(bot, self._addressee(action), text, due)
            case actions.Rename(rename=words):
                self._coming.rename(bot, text_of(words, scenario, line, act, nick=bot.nick))
            case actions.Join(join=room):
                self._returning.wait_for(bot)
                self._coming.join(bot, room or LOBBY)
            case actions.Leave(leave=words, room=room):
                reason = text_of(words, scenario, line, act, nick=bot.nick, sender=sender) if words else ""
                if room is None:
                    self._coming.leave(bot, reason, line)
                else:
                    self._coming.leave_room(bot, room, reason, line)
            case actions.Wait(wait=seconds):
                gevent.sleep(seconds / self._speed)
            case actions.Ping(within=within):
                self._ping(bot, within, line)
            case actions.Drop(drop=how):
                self._returning.drop(bot, how)
            case actions.Reconnect():
                if not bot.coming_back:
                    self._returning.reconnect(bot)
            case actions.Read(read=pace):
                self._read(bot, pace)
            case actions.SendBytes(send_bytes=data):
                bot.send_bytes(data)
            case actions.Expect():
                return self._listening.expect(bot, line, action, act, sender)
            case actions.ExpectNone():
                self._listening.expect_none(bot, line, action, act, sender, before)
            case actions.Reply():
                self._answering.begin(bot, line, action, act)
        return None

    def _ping(self, bot: Bot, within: float, line: Line) -> None:
        match bot.ping(within):
            case "late":
                self.outcome.fail(line, f"{bot.nick} got no pong within {within:g} s")
            case "lost":
                self.outcome.fail(line, f"{bot.nick} lost the connection before its pong came")

    def _read(self, bot: Bot, pace: float) -> None:
        bot.read_at(pace)
        bot.stopped_at = None if pace else time.monotonic()
        for stay in self._whereabouts.stays(bot.actor):
            stay.reader.timed = stay.reader.timed and pace == FULL_PACE


def _can_be_done_away(bot: Bot, line: Line) -> bool:
    """Whether an actor that is not here can do this: come, wait, or say something once it is back."""
    if isinstance(line.action, actions.Say | actions.Act):
        return bot.says_later
    return isinstance(line.action, actions.Join | actions.Reconnect | actions.Wait)
