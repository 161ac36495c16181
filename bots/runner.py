"""A scenario, carried out: actors who come in, do what the script says when it is due, and hear each other."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence

import gevent
from gevent.pool import Group, Pool

from bots import actions
from bots.bot import Bot, NotLetIn
from bots.dialects import DIALECTS, Heard
from bots.ledger import Message, Reader, RoomLedger
from bots.outcome import Outcome
from bots.plan import Act, latecomers, plan
from bots.scenario import Actor, Line, Pause, Scenario, Script
from bots.speech import matcher_of, text_of
from geventchat import commands, events, names, replies

LOBBY = "lobby"
# How long to listen on at a server that cannot say that nothing more is coming.
_QUIET_S = 1.0
# Acts that are due already are carried out so many at a time, before what was heard gets its turn.
_BURST = 32
# Actors who are on their way in at the same time.
_AT_ONCE = 100
# Who comes back tries again after such pauses, and for so long: a server needs a moment to start again.
_FIRST_PAUSE_S = 0.1
_LAST_PAUSE_S = 2.0
_COME_BACK_S = 30.0
# How long the last words of a run may take to be heard.
_SETTLE_S = 15.0


class Runner:
    """Runs one scenario against the server at `address`."""

    def __init__(self, scenario: Scenario, address: tuple[str, int], dialect: str, speed: float = 1.0) -> None:
        self.outcome = Outcome(scenario)
        self._scenario = scenario
        self._speed = speed
        self._bots = {
            actor: Bot(actor, address, DIALECTS[dialect], self._hear, self._lose) for actor in scenario.actors
        }
        self._stays: dict[Actor, dict[str, Reader]] = defaultdict(dict)  # by room, of those who are in one
        self._rooms: dict[str, RoomLedger] = {}  # by every spelling of a name that was met
        self._here = 0  # how many are connected
        self._whispered: dict[Bot, None] = {}  # who has whispered, and may still be on the way to the server
        self._coming_back = Group()  # those who try to connect again
        self._inboxes: dict[Actor, list[tuple[str, str]]] = {}
        self._taken: dict[Actor, int] = {}
        self._replies: dict[Actor, list[Callable[[str, str], None]]] = {}
        self._pause_s = DIALECTS[dialect].pause_s
        self._last_due = 0.0
        self._since: dict[Actor, int] = {}  # how much each had heard when the step before this one began
        for line in scenario.lines():
            if isinstance(line.action, actions.Expect | actions.ExpectNone):
                for act in plan(scenario, line):
                    self._inboxes[act.actor] = []
                    self._listen(self._bots[act.actor])

    def run(self) -> Outcome:
        """Carry out the script; return what was seen, also when it was interrupted or somebody was not let in."""
        began = time.monotonic()
        late = latecomers(self._scenario)
        try:
            self._let_in([actor for actor in self._scenario.actors if actor not in late])
            gevent.sleep(5 * self._pause_s)  # a server may greet who is not yet among those that it sends to
            self.outcome.began = time.monotonic()
            self._play(self._scenario.script, "")
            self._settle()
        except KeyboardInterrupt:
            self.outcome.interrupted = True
        except NotLetIn as refusal:
            self.outcome.failures.append(str(refusal))
        finally:
            until = time.monotonic() - _QUIET_S if self.outcome.interrupted else float("inf")
            self.outcome.seconds = time.monotonic() - began
            for bot in self._bots.values():
                if bot.connected:
                    bot.drop("close")
            for room in self.outcome.rooms.values():
                room.close(until)
            self.outcome.timeline.close()
        return self.outcome

    # The script.

    def _play(self, script: Script, sender: str) -> str:
        """Carry out a part of the script; `sender` is who spoke last before it. Return who spoke last in it."""
        for step in script:
            heard = {actor: len(inbox) for actor, inbox in self._inboxes.items()}
            if isinstance(step, Line):
                sender = self._do(step, sender)
                gevent.sleep(self._pause_s)
            elif isinstance(step, Pause):
                gevent.sleep(step.seconds / self._speed)
            else:
                branches = [gevent.spawn(self._play, branch, sender) for branch in step.branches]
                gevent.joinall(branches, raise_error=True)
                sender = branches[-1].value or sender
            self._since = heard
        return sender

    def _do(self, line: Line, sender: str) -> str:
        """Carry out a line; return who spoke last."""
        start = time.monotonic()
        if line.action.at is not None:
            start = max(start, self.outcome.began + line.action.at / self._speed)
        waiting = []
        speaker = sender
        for number, act in enumerate(plan(self._scenario, line), 1):
            due = self._spaced(start + act.due / self._speed)
            early = due - time.monotonic()
            if early > 0 or not number % _BURST:
                gevent.sleep(max(0.0, early))
            bot = self._bots[act.actor]
            if not (bot.connected or _can_be_done_away(bot, line)):
                continue  # passed over: it has left, or lost the connection
            if isinstance(line.action, actions.Say | actions.Act | actions.Whisper):
                speaker = bot.nick
            if isinstance(line.action, actions.Say | actions.Act | actions.Whisper | actions.SendBytes | actions.Read):
                self._act(bot, line, act, due, sender)
            else:
                waiting.append(gevent.spawn(self._act, bot, line, act, due, sender))
        gevent.joinall(waiting, raise_error=True)
        if isinstance(line.action, actions.Expect):
            return next((one.value for one in reversed(waiting) if one.value), speaker)
        return speaker

    def _spaced(self, due: float) -> float:
        """Return when something is due so that it is not close to what came before, where the pace is to be gentle."""
        if self._pause_s and self._speed < 1:
            due = self._last_due = max(due, self._last_due + self._pause_s)
        return due

    def _act(self, bot: Bot, line: Line, act: Act, due: float, sender: str) -> str | None:
        """Let an actor do something; return who was heard, where it waited for that."""
        try:
            return self._carry_out(bot, line, act, due, sender)
        except NotLetIn as refusal:
            self._fail(line, str(refusal))
        except OSError as error:
            self._fail(line, f"{bot.nick} could not: {error.strerror or error}")
        return None

    def _carry_out(self, bot: Bot, line: Line, act: Act, due: float, sender: str) -> str | None:
        scenario, action = self._scenario, line.action
        match action:
            case actions.Say(say=words, room=room):
                text = text_of(words, scenario, line, act, nick=bot.nick, sender=sender)
                self._say(bot, text, room, due, commands.Say(text=text, room=room))
            case actions.Act(act=words, room=room):
                text = text_of(words, scenario, line, act, nick=bot.nick, sender=sender)
                self._say(bot, f"*{text}*", room, due, commands.Act(text=text, room=room))
            case actions.Whisper(whisper=words, to=to):
                text = text_of(words, scenario, line, act, nick=bot.nick, sender=sender)
                bot.send(commands.Whisper(to=self._bots[scenario.group(to)[0]].nick, text=text))
                self._whispered[bot] = None
            case actions.Rename(rename=words):
                self._let_whispers_arrive()
                bot.ear.be_in(None, None)  # what its own new name is must be read
                bot.send(commands.Rename(nick=text_of(words, scenario, line, act, nick=bot.nick)))
                bot.ping(actions.EXPECT_WITHIN_S)
                self._tune(bot)
            case actions.Join(join=room):
                self._join(bot, room)
            case actions.Leave(leave=words, room=room):
                reason = text_of(words, scenario, line, act, nick=bot.nick, sender=sender) if words else ""
                if room is None:
                    self._leave(bot, reason, line)
                else:
                    self._leave_room(bot, room, reason, line)
            case actions.Wait(wait=seconds):
                gevent.sleep(seconds / self._speed)
            case actions.Ping(within=within):
                if not bot.ping(within):
                    self._fail(line, f"{bot.nick} got no pong within {within:g} s")
            case actions.Drop(drop=how):
                self._drop(bot, how)
            case actions.Reconnect():
                if not bot.coming_back:
                    self._reconnect(bot)
            case actions.Read(read=pace):
                bot.read_at(pace)
                for stay in self._stays[bot.actor].values():
                    stay.timed = stay.timed and pace == float("inf")
            case actions.SendBytes(send_bytes=data):
                bot.send_bytes(data)
            case actions.Expect():
                return self._expect(bot, line, action, act, sender)
            case actions.ExpectNone():
                self._expect_none(bot, line, action, act, sender)
            case actions.Reply():
                self._reply(bot, line, action, act)
        return None

    def _say(self, bot: Bot, text: str, room: str | None, due: float, command: commands.Say | commands.Act) -> None:
        now = time.monotonic()
        self.outcome.lag.add(now - due)
        self._room(self._room_of(bot, room)).say(bot.nick, text, due, now)
        bot.say(command)

    def _expect(self, bot: Bot, line: Line, expect: actions.Expect, act: Act, sender: str) -> str | None:
        matches = matcher_of(expect.expect, self._scenario, act, nick=bot.nick, sender=sender)
        wanted = {self._bots[actor].nick for actor in self._scenario.group(expect.from_)} if expect.from_ else None
        inbox, missing = self._inboxes[bot.actor], expect.times
        deadline = time.monotonic() + expect.within
        place, nick = self._taken.get(bot.actor, 0), ""
        while True:
            while place < len(inbox) and missing:
                nick, text = inbox[place]
                place += 1
                missing -= bool((wanted is None or nick in wanted) and matches(text))
            if not missing:
                self._taken[bot.actor] = place
                return nick
            if time.monotonic() > deadline:
                self._fail(line, f"{bot.nick} did not hear {expect.expect.source} within {expect.within:g} s")
                return None
            gevent.sleep(0.005)

    def _expect_none(self, bot: Bot, line: Line, expect: actions.ExpectNone, act: Act, sender: str) -> None:
        matches = matcher_of(expect.expect_none, self._scenario, act, nick=bot.nick, sender=sender)
        wanted = {self._bots[actor].nick for actor in self._scenario.group(expect.from_)} if expect.from_ else None
        begin = self._since.get(bot.actor, 0)
        gevent.sleep(expect.within)
        for nick, text in self._inboxes[bot.actor][begin:]:
            if (wanted is None or nick in wanted) and matches(text):
                self._fail(line, f"{bot.nick} heard {nick} say {text!r}, which was not to be heard")
                return

    def _reply(self, bot: Bot, line: Line, reply: actions.Reply, act: Act) -> None:
        wanted = {self._bots[actor].nick for actor in self._scenario.group(reply.from_)} if reply.from_ else None
        left = reply.times if reply.times is not None else -1
        end = time.monotonic() + reply.for_ / self._speed if reply.for_ is not None else float("inf")
        matches = matcher_of(reply.to, self._scenario, act, nick=bot.nick)

        def answer(nick: str, said: str) -> None:
            nonlocal left
            now = time.monotonic()
            if nick == bot.nick or not left or now > end or not matches(said):
                return
            if wanted is None or nick in wanted:
                left -= 1
                text = text_of(reply.reply, self._scenario, line, act, nick=bot.nick, sender=nick)
                gevent.spawn(self._say, bot, text, None, now, commands.Say(text=text))

        self._replies.setdefault(bot.actor, []).append(answer)
        self._listen(bot)

    # Coming and going.

    def _let_in(self, actors: list[Actor]) -> None:
        """Bring actors in, some at a time. Raises NotLetIn for the first who could not."""
        refusals: list[NotLetIn] = []

        def come(actor: Actor) -> None:
            try:
                self._come_in(actor, None)
            except NotLetIn as refusal:
                refusals.append(refusal)

        coming = Pool(_AT_ONCE)
        for actor in actors:
            if refusals:
                break
            coming.spawn(come, actor)
        coming.join()
        if refusals:
            raise refusals[0]

    def _come_in(self, actor: Actor, room: str | None) -> None:
        bot = self._bots[actor]
        reader = self._enter(bot, room or LOBBY)
        self._connect(bot, room)
        reader.entered = time.monotonic()

    def _connect(self, bot: Bot, room: str | None, *, again: bool = False) -> None:
        try:
            bot.come_in(room, again=again)
        except OSError as error:
            raise NotLetIn(f"{bot.nick} could not connect: {error.strerror or error}") from None
        self._here += 1
        self.outcome.users = max(self.outcome.users, self._here)

    def _enter(self, bot: Bot, room: str) -> Reader:
        """Note that an actor is on its way into a room."""
        reader = self._stays[bot.actor][room] = self._room(room).enter(bot.nick, time.monotonic())
        self._tune(bot)
        return reader

    def _tune(self, bot: Bot) -> None:
        """Let an actor hear together with the others of its room; in several rooms, it reads each line by itself."""
        stays = self._stays[bot.actor]
        if len(stays) == 1:
            ((room, stay),) = stays.items()
            bot.ear.be_in(self._room(room), stay)
        else:
            bot.ear.be_in(None, None)

    def _drop(self, bot: Bot, how: str) -> None:
        if not bot.connected:  # it has been lost since this was due
            return
        bot.drop(how)
        self._here -= 1
        if bot.actor.comes_back:
            self._send_back(bot)
        else:
            self._give_up(bot)

    def _give_up(self, bot: Bot) -> None:
        """Note that nobody knows what of the actor's words has arrived, and that it hears nothing more."""
        now = time.monotonic()
        for room, stay in self._stays[bot.actor].items():
            stay.leaving, stay.dropped = now, True
            self._room(room).lose(bot.nick)

    def _send_back(self, bot: Bot) -> None:
        bot.coming_back = True
        if not bot.dialect.catches_up:
            self._give_up(bot)
        self._coming_back.spawn(self._come_back, bot)

    def _come_back(self, bot: Bot) -> None:
        """Try again with growing pauses until the server lets the actor in, for so long as that can be expected."""
        deadline, pause = time.monotonic() + _COME_BACK_S, _FIRST_PAUSE_S
        while not bot.connected:
            gevent.sleep(pause)
            pause = min(2 * pause, _LAST_PAUSE_S)
            try:
                self._reconnect(bot)
            except (NotLetIn, OSError) as error:
                if time.monotonic() > deadline:
                    self.outcome.failures.append(f"{error}, for {_COME_BACK_S:g} s after its connection was lost")
                    self._give_up(bot)
                    self._stop_hearing(bot)
                    break
        bot.coming_back = False

    def _reconnect(self, bot: Bot) -> None:
        """Bring an actor back; where the server tells what was missed, as if it had never been away."""
        stays = self._stays[bot.actor]
        room = next(iter(stays), LOBBY)
        if not bot.dialect.catches_up:
            self._stop_hearing(bot)
            self._come_in(bot.actor, None if room == LOBBY else room)
            return
        bot.ear.be_in(None, None)
        for name, stay in stays.items():
            stay.leaving, stay.dropped, stay.back = float("inf"), False, time.monotonic()
            bot.note_id(self._room(name).last_id(stay))
        self._connect(bot, room, again=True)
        self._tune(bot)

    def _join(self, bot: Bot, room: str | None) -> None:
        if not bot.connected:
            self._stop_hearing(bot)
            self._come_in(bot.actor, room)
            return
        stays = self._stays[bot.actor]
        left = {} if bot.dialect.follows_rooms else dict(stays)  # people are in one room at a time
        for stay in left.values():
            stay.leaving = time.monotonic()
        reader = self._enter(bot, room or LOBBY)
        bot.send(commands.Join(room=room or LOBBY))
        if bot.ping(actions.EXPECT_WITHIN_S):
            reader.entered = time.monotonic()
        for name in left:
            stays.pop(name).left = time.monotonic()
        self._tune(bot)

    def _let_whispers_arrive(self) -> None:
        """Wait until the server has taken all whispers: what comes now may make their names mean nobody."""
        whispered, self._whispered = self._whispered, {}
        gevent.joinall([gevent.spawn(bot.ping, actions.EXPECT_WITHIN_S) for bot in whispered if bot.connected])

    def _leave(self, bot: Bot, reason: str, line: Line) -> None:
        """Let an actor say goodbye."""
        self._let_whispers_arrive()
        now = time.monotonic()
        for stay in self._stays[bot.actor].values():
            stay.leaving = now
        if not bot.leave(reason):
            self._fail(line, f"{bot.nick} said goodbye and was not let go")
        self._here -= 1
        self._stop_hearing(bot)

    def _leave_room(self, bot: Bot, room: str, reason: str, line: Line) -> None:
        """Let an actor leave one room and stay connected."""
        stays = self._stays[bot.actor]
        if room not in stays:
            self._fail(line, f"{bot.nick} cannot leave {room}: it is not there")
            return
        stays[room].leaving = time.monotonic()
        back = None if bot.dialect.follows_rooms else self._enter(bot, LOBBY)  # people are always in one room
        bot.send(commands.Leave(room=room, reason=reason))
        bot.ping(actions.EXPECT_WITHIN_S)
        now = stays.pop(room).left = time.monotonic()
        if back is not None:
            back.entered = now
        self._tune(bot)

    def _stop_hearing(self, bot: Bot) -> None:
        now = time.monotonic()
        for stay in self._stays.pop(bot.actor, {}).values():
            stay.leaving = min(stay.leaving, now)
            stay.left = now
        self._tune(bot)

    def _settle(self) -> None:
        """Make sure that nothing more is on its way."""
        self._coming_back.join()
        here = [bot for bot in self._bots.values() if bot.connected]
        if here and here[0].dialect.tells_end:
            here[0].ping(_SETTLE_S)
        if here and not here[0].dialect.tells_end:
            self._wait_for_quiet()
            return
        # The first pongs say that the server has taken what everyone said, the second that everyone has been sent it.
        for _ in range(2):
            pings = [gevent.spawn(bot.ping, _SETTLE_S) for bot in here]
            gevent.joinall(pings)
        for bot, ping in zip(here, pings, strict=True):
            if not ping.value:
                self.outcome.failures.append(f"{bot.nick} got no answer at the end within {_SETTLE_S:g} s")
        self.outcome.settled = True

    def _wait_for_quiet(self) -> None:
        """Wait until nothing has been heard for a while."""
        deadline = time.monotonic() + _SETTLE_S
        before = -1
        while before != (now := self.outcome.timeline.delivered):
            before = now
            gevent.sleep(min(_QUIET_S, max(0.0, deadline - time.monotonic())))

    # What is heard.

    def _hear(self, bot: Bot, heard: Heard, line: bytes) -> None:
        match heard:
            case events.Said(nick=nick, text=text, room=room, id=event_id):
                self._hear_message(bot, nick, text, room, event_id, line)
            case events.Acted(nick=nick, text=text, room=room, id=event_id):
                self._hear_message(bot, nick, f"*{text}*", room, event_id, line)
            case events.Event(room=room):
                if isinstance(heard, events.Renamed) and heard.nick == bot.nick:
                    bot.nick = heard.new
                if stay := self._stays[bot.actor].get(room):
                    self._room(room).notice(stay, line)
            case replies.Whispered(nick=nick, text=text) if bot.actor in self._inboxes:
                self._inboxes[bot.actor].append((nick, text))
            case replies.HelpText(lines=[words]):
                if words.startswith(f"{bot.nick} is now "):
                    bot.nick = words.removeprefix(f"{bot.nick} is now ")
                for room, stay in self._stays[bot.actor].items():
                    self._room(room).notice(stay, line)
            case replies.Error(code=code, message=message) if bot.connected and self._scenario.check.errors == "none":
                self.outcome.failures.append(f"{bot.nick} was told: {message} ({code})")

    def _hear_message(self, bot: Bot, nick: str, text: str, room: str, event_id: str, line: bytes) -> None:
        ledger, now = self._room(room), time.monotonic()
        stay = self._stays[bot.actor].get(room)
        if stay is not None:
            ledger.hear(stay, nick, text, now, event_id, line)
        else:
            outsider = ledger.enter(bot.nick, now)
            outsider.left = 0.0
            ledger.hear(outsider, nick, text, now, event_id)
        self._answer(bot, nick, text)

    def _listen(self, bot: Bot) -> None:
        """Let an actor take note of what it hears together with others."""

        def follow(messages: Sequence[Message]) -> None:
            for message in messages:
                self._answer(bot, message.nick, message.text)

        bot.ear.follow = follow

    def _answer(self, bot: Bot, nick: str, text: str) -> None:
        """Let an actor do what it does with what it hears."""
        if bot.actor in self._inboxes:
            self._inboxes[bot.actor].append((nick, text))
        for answer in self._replies.get(bot.actor, ()):
            answer(nick, text)

    def _lose(self, bot: Bot, why: str) -> None:
        self._here -= 1
        if bot.actor.comes_back:
            self._send_back(bot)
            return
        self.outcome.failures.append(f"{bot.nick} lost the connection: {why}")
        self._stop_hearing(bot)

    # Small things.

    def _room(self, name: str) -> RoomLedger:
        if name not in self._rooms:
            key = names.key(name)
            if key not in self.outcome.rooms:
                per_sender = self._scenario.check.order != "same for everyone"
                self.outcome.rooms[key] = RoomLedger(per_sender, self.outcome.timeline)
            self._rooms[name] = self.outcome.rooms[key]
        return self._rooms[name]

    def _room_of(self, bot: Bot, room: str | None) -> str:
        return room or next(iter(self._stays[bot.actor]), LOBBY)

    def _fail(self, line: Line, what: str) -> None:
        self.outcome.failures.append(f"{self._scenario.file}:{line.place.line}: {what}")


def _can_be_done_away(bot: Bot, line: Line) -> bool:
    """Whether who is not connected can do this: come, wait, or say something once it is back."""
    if isinstance(line.action, actions.Say | actions.Act):
        return bot.coming_back
    return isinstance(line.action, actions.Join | actions.Reconnect | actions.Wait)
