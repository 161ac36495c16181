"""The user's side of the chat: what is typed, what is heard, and what that leads to."""

from collections import deque
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from geventchat.client.terminal.conversation import Conversation
from geventchat.client.terminal.effects import Alert, Effect, Heading, Leave, Notice, Retry
from geventchat.client.terminal.rooms import KEPT, is_later
from geventchat.client.terminal.user_input import Find, Paste, Switch
from geventchat.commands import commands
from geventchat.commands.command import Command
from geventchat.protocol import events, replies
from geventchat.protocol.errors import Refused
from geventchat.protocol.limits import GREET_WITH, MAX_HISTORY

_TIME = "2024-11-23T12:00:00.000Z"


def welcome(
    event_id: str = "5-0", *, nick: str = "ann", room: str = "lobby", members: tuple[str, ...] = ("ann", "bob")
) -> replies.Welcome:
    return replies.Welcome(
        nick=nick,
        room=room,
        members=list(members),
        count=len(members),
        topic="",
        id=event_id,
        token="secret",
        server="a test",
        limits={"line": 200},
    )


def said(number: int, text: str, *, nick: str = "bob", room: str = "lobby") -> events.Said:
    return events.Said(f"{number}-0", _TIME, room, nick, text)


def begun(**options: Any) -> Conversation:
    conversation = Conversation("ann", "lobby", "ref")
    conversation.welcomed(welcome(**options))
    return conversation


def in_two_rooms() -> Conversation:
    """Return a conversation that looks at the den and is in the lobby too."""
    conversation = begun()
    (join,) = conversation.entered("/join den")
    assert isinstance(join, commands.Join)
    conversation.heard(replies.Members(room="den", members=["ann"], count=1, topic="", id="6-0", ref=join.ref))
    return conversation


def notices(effects: list[Effect]) -> list[str]:
    return [effect.text for effect in effects if isinstance(effect, Notice)]


def test_a_line_is_said_in_the_room_that_is_looked_at_and_waits_to_be_stored() -> None:
    conversation = in_two_rooms()
    (say,) = conversation.entered("hello")
    assert isinstance(say, commands.Say)
    assert (say.text, say.room) == ("hello", "den")
    assert len(conversation.pending) == 1
    assert conversation.heard(replies.Ack(ref=say.ref or "", id="7-0")) == []
    assert len(conversation.pending) == 0


def test_what_cannot_be_said_is_told_with_its_text() -> None:
    conversation = begun()
    (say,) = conversation.entered("hello")
    assert isinstance(say, commands.Say)
    error = replies.Error(code="not-stored", message="the disk is full", ref=say.ref)
    assert notices(conversation.heard(error)) == ["the disk is full: hello"]
    assert len(conversation.pending) == 0
    assert notices(conversation.entered("x" * 201)) == ["that is too long: a text can have 200 bytes"]
    assert len(conversation.pending) == 0


def test_commands_go_to_the_room_that_is_looked_at() -> None:
    conversation = in_two_rooms()
    assert conversation.entered("/who") == [commands.Who(room="den")]
    assert conversation.entered("/who lobby") == [commands.Who(room="lobby")]
    assert conversation.entered("/topic tea") == [commands.Topic(room="den", text="tea")]
    assert conversation.entered("/history 5") == [commands.History(room="den", limit=5)]
    assert conversation.entered("/rooms") == [commands.Rooms()]
    assert conversation.entered("") == []
    assert conversation.entered("/exit") == [Leave()]
    assert conversation.entered("/exit see you") == [Leave(goodbye="see you")]
    assert conversation.entered(None) == [Leave()]
    assert "not a command" in notices(conversation.entered("/dance"))[0]
    assert conversation.entered("/find  some tea ") == [Find("some tea")]
    assert conversation.entered("/find") == [Find("")]


def test_a_paste_is_said_as_it_stands() -> None:
    effects = begun().entered(Paste(("one", "/exit", "exit")))
    assert [effect.text for effect in effects if isinstance(effect, commands.Say)] == ["one", "/exit", "exit"]


def test_an_event_is_shown_once() -> None:
    conversation = begun()
    assert conversation.heard(said(6, "one")) == [said(6, "one")]
    assert conversation.heard(said(6, "one")) == []
    assert conversation.heard(said(5, "before we came")) == []
    assert conversation.heard(said(7, "elsewhere", room="den")) == []


def test_who_is_mentioned_or_whispered_to_is_alerted() -> None:
    conversation = begun()
    assert conversation.heard(said(6, "hey, Ann!")) == [said(6, "hey, Ann!"), Alert()]
    assert conversation.heard(said(7, "ann is me", nick="ann")) == [said(7, "ann is me", nick="ann")]
    whisper = replies.Whispered(time=_TIME, nick="bob", to="ann", text="psst")
    assert conversation.heard(whisper) == [whisper, Alert()]
    own = replies.Whispered(time=_TIME, nick="ann", to="bob", text="psst")
    assert conversation.heard(own) == [own]


def test_whom_a_reply_is_for_is_left_to_the_server_which_knows_also_when_nicks_have_changed_hands() -> None:
    conversation = begun()
    conversation.heard(replies.Whispered(time=_TIME, nick="bob", to="ann", text="psst"))
    conversation.heard(events.Renamed("6-0", _TIME, "lobby", "bob", "bobby"))
    conversation.heard(events.Joined("7-0", _TIME, "lobby", "bob"))  # somebody else
    (reply,) = conversation.entered("/reply the secret")
    assert isinstance(reply, commands.WhisperBack)
    assert len(conversation.pending) == 1
    assert conversation.heard(replies.Ack(ref=reply.ref or "", id=None)) == []
    assert len(conversation.pending) == 0


def test_a_reply_is_not_repeated_on_another_connection_where_it_could_go_to_another() -> None:
    conversation = begun()
    conversation.heard(replies.Whispered(time=_TIME, nick="bob", to="ann", text="psst"))
    conversation.entered("/reply hm")
    lost = notices(conversation.lost("gone"))
    assert lost[1] == "nobody knows whether this reached whoever whispered last: hm"
    assert notices(conversation.entered("/reply hm"))[0].startswith("a reply needs the connection")
    assert conversation.welcomed(welcome("9-0")) == [Notice("connected again")]


def test_what_is_said_in_another_room_is_marked_and_shown_when_it_is_looked_at() -> None:
    conversation = in_two_rooms()
    assert conversation.heard(said(7, "one")) == []
    assert conversation.heard(said(8, "ann?")) == [Alert()]
    lobby = conversation.rooms.get("lobby")
    assert lobby is not None
    assert (lobby.unread, lobby.mentioned) == (2, True)
    assert conversation.entered(Switch()) == [Heading("lobby", 2), said(7, "one"), said(8, "ann?")]
    assert (lobby.unread, lobby.mentioned) == (0, False)
    assert conversation.entered("/join DEN") == [Heading("den", 1)]
    assert notices(conversation.entered("/room 7")) == ["you are in no room 7; /join 7 enters one"]


def test_what_is_unread_and_no_longer_kept_is_told() -> None:
    conversation = in_two_rooms()
    for number in range(7, 7 + KEPT + 20):
        conversation.heard(said(number, "one of many"))
    heading, notice, *shown = conversation.entered("/room lobby")
    assert heading == Heading("lobby", 2)
    assert notice == Notice("20 lines before these are not kept here; /history shows more")
    assert shown == [said(number, "one of many") for number in range(27, 27 + KEPT)]


def test_a_room_that_is_being_entered_is_not_entered_twice() -> None:
    conversation = begun()
    assert len(conversation.entered("/join den")) == 1
    assert conversation.entered("/join Den") == []
    conversation.lost("gone")
    joins = [effect for effect in conversation.welcomed(welcome("9-0")) if isinstance(effect, commands.Join)]
    assert [(again.room, again.after) for again in joins] == [("den", None)]


def test_a_room_is_kept_when_the_connection_is_lost_again_before_the_server_lets_us_in_there() -> None:
    conversation = in_two_rooms()
    for _ in range(2):
        conversation.lost("gone")
        joins = [effect for effect in conversation.welcomed(welcome("9-0")) if isinstance(effect, commands.Join)]
        assert [(join.room, join.after) for join in joins] == [("den", "6-0")]


def test_who_is_in_a_room_already_stays_in_it() -> None:
    conversation = in_two_rooms()
    conversation.lost("gone")
    (join,) = (effect for effect in conversation.welcomed(welcome("9-0")) if isinstance(effect, commands.Join))
    error = replies.Error(code="already-here", message="you are in den already", ref=join.ref)
    assert conversation.heard(error) == []
    assert [room.name for room in conversation.rooms] == ["lobby", "den"]
    conversation.lost("gone")
    (join,) = (effect for effect in conversation.welcomed(welcome("10-0")) if isinstance(effect, commands.Join))
    error = replies.Error(code="too-many-rooms", message="too many", ref=join.ref)
    assert conversation.heard(error) == [Notice("you are no longer in den: too many"), Heading("lobby", 2)]
    assert [room.name for room in conversation.rooms] == ["lobby"]


def test_a_room_is_the_same_one_when_the_server_writes_its_name_otherwise_after_a_restart() -> None:
    conversation = in_two_rooms()
    conversation.lost("gone")
    effects = conversation.welcomed(welcome("9-0", room="LOBBY"))
    (join,) = (effect for effect in effects if isinstance(effect, commands.Join))
    members = replies.Members(room="Den", members=["ann"], count=1, topic="", id="10-0", ref=join.ref)
    assert conversation.heard(members) == []
    assert [room.name for room in conversation.rooms] == ["LOBBY", "Den"]
    assert conversation.rooms.current is conversation.rooms.get("Den")
    missed = said(8, "meanwhile", room="Den")
    assert conversation.heard(missed) == [missed]


def test_a_room_is_left_and_another_looked_at_but_never_the_last() -> None:
    conversation = in_two_rooms()
    (leave,) = conversation.entered("/leave")
    assert isinstance(leave, commands.Leave)
    assert leave.room == "den"
    assert conversation.heard(events.Left("7-0", _TIME, "den", "ann")) == []
    effects = conversation.heard(replies.Ack(ref=leave.ref or "", id="7-0"))
    assert effects == [Notice("you left den"), Heading("lobby", 2)]
    assert notices(conversation.entered("/leave"))[0].startswith("this is the only room")


def test_a_newcomer_to_a_room_is_shown_what_was_said_before() -> None:
    conversation = Conversation("ann", "lobby", "ref")
    history = conversation.welcomed(welcome())[-1]
    assert isinstance(history, commands.History)
    assert (history.room, history.before, history.limit) == ("lobby", "5-0", MAX_HISTORY)
    talk: list[events.AnyEvent] = [said(number, "earlier") for number in range(1, GREET_WITH + 3)]
    page = [*talk, *(events.Joined(f"{number}-0", _TIME, "lobby", "bob") for number in range(40, 440))]
    shown = conversation.heard(replies.HistoryPage(room="lobby", events=page, more=False, ref=history.ref))
    assert shown == [replies.HistoryPage(room="lobby", events=talk[-GREET_WITH:], more=False)]


def test_coming_back_goes_on_where_the_connection_was_lost() -> None:
    conversation = in_two_rooms()
    conversation.heard(said(7, "heard"))
    assert notices(conversation.lost("the cable is out")) == ["the cable is out; trying to come back"]
    assert notices(conversation.entered("away"))[0].startswith("will be sent when")
    assert notices(conversation.entered("/who"))[0].startswith("not possible")
    assert conversation.entered("") == [Retry()]
    hello = conversation.hello()
    assert (hello.room, hello.after, hello.token) == ("lobby", "7-0", "secret")
    effects = conversation.welcomed(welcome("9-0"))
    assert effects[0] == Notice("connected again")
    join, say = effects[1:]
    assert isinstance(join, commands.Join)
    assert (join.room, join.after) == ("den", "6-0")
    assert isinstance(say, commands.Say)
    assert (say.text, say.room) == ("away", "den")
    members = replies.Members(room="den", members=["ann"], count=1, topic="", id="10-0", ref=join.ref)
    assert conversation.heard(members) == []
    assert conversation.heard(events.Left("8-0", _TIME, "den", "ann")) == []
    assert conversation.rooms.get("den") is not None


def test_who_is_not_let_into_the_first_room_comes_back_to_the_others_and_to_it_with_its_password() -> None:
    conversation = begun()
    (join,) = conversation.entered('/join "den" sesame')
    assert isinstance(join, commands.Join)
    conversation.heard(replies.Members(room="den", members=["ann"], count=1, topic="", id="6-0", ref=join.ref))
    conversation.entered("/room lobby")
    (leave,) = conversation.entered("/leave")
    assert isinstance(leave, commands.Leave)
    conversation.heard(replies.Ack(ref=leave.ref or "", id="7-0"))
    conversation.lost("gone")
    assert conversation.hello().room == "den"
    assert conversation.turned_away(Refused("key-needed", "den takes a password")) == [Retry()]
    assert conversation.hello().room == ""
    effects = conversation.welcomed(welcome("", room="", members=()))
    (again,) = (effect for effect in effects if isinstance(effect, commands.Join))
    assert (again.room, again.password, again.after) == ("den", "sesame", "6-0")
    assert [room.name for room in conversation.rooms] == ["den"]
    conversation.heard(replies.Members(room="den", members=["ann"], count=1, topic="", id="9-0", ref=again.ref))
    conversation.heard(events.Renamed("8-0", _TIME, "den", "ann", "anna"))
    assert conversation.nick == "ann"
    conversation.lost("gone")
    assert conversation.turned_away(Refused("banned", "you are banned")) == [Retry()]
    assert notices(conversation.turned_away(Refused("banned", "you are banned"))) == [
        "cannot come back: you are banned"
    ]


def test_the_server_s_last_word_says_why() -> None:
    conversation = begun()
    conversation.heard(replies.Closing(code="server-stopping", message="the server is stopping"))
    assert notices(conversation.lost("closed")) == ["the server is stopping; trying to come back"]
    conversation.welcomed(welcome())
    assert notices(conversation.lost("the cable is out")) == ["the cable is out; trying to come back"]
    assert conversation.heard(replies.Closing(code="replaced", message="elsewhere")) == [Leave("elsewhere")]


def test_a_whisper_that_may_have_arrived_is_not_repeated_but_told() -> None:
    conversation = begun()
    conversation.entered("/msg bob psst")
    assert notices(conversation.lost("gone"))[1] == "nobody knows whether this reached bob: psst"
    conversation.entered("/msg bob later")
    whisper = conversation.welcomed(welcome("9-0"))[-1]
    assert isinstance(whisper, commands.Whisper)
    assert whisper.text == "later"


def test_a_whisper_that_was_kept_and_sent_when_the_connection_was_back_is_not_repeated_either() -> None:
    conversation = begun()
    conversation.lost("gone")
    conversation.entered("/msg bob psst")
    assert len(conversation.welcomed(welcome("9-0"))) == 2
    assert notices(conversation.lost("gone again"))[1] == "nobody knows whether this reached bob: psst"
    assert conversation.welcomed(welcome("12-0")) == [Notice("connected again")]


def test_a_name_taken_meanwhile_is_told_once_and_can_be_changed() -> None:
    conversation = begun()
    conversation.lost("gone")
    taken = Refused("nick-taken", "the name ann is taken")
    assert "/nick NAME" in notices(conversation.turned_away(taken))[0]
    assert conversation.turned_away(taken) == []
    assert conversation.entered("/nick anna")[-1] == Retry()
    assert conversation.hello().nick == "anna"


def test_an_own_new_name_holds_but_not_one_from_before_coming_back() -> None:
    conversation = begun()
    conversation.heard(events.Renamed("6-0", _TIME, "lobby", "ann", "anna"))
    assert conversation.nick == "anna"
    conversation.lost("gone")
    conversation.welcomed(welcome("9-0", nick="anna"))
    conversation.heard(events.Renamed("8-0", _TIME, "lobby", "anna", "ann"))
    assert conversation.nick == "anna"


def test_who_was_put_out_before_coming_back_is_not_put_out_again() -> None:
    conversation = begun()
    conversation.lost("gone")
    conversation.welcomed(welcome("9-0"))
    before = events.Kicked("8-0", _TIME, "lobby", "bob", "ann")
    assert conversation.heard(before) == [before]
    assert conversation.heard(events.Kicked("10-0", _TIME, "lobby", "bob", "ann")) == [
        Leave("bob put you out of lobby")
    ]


def test_who_is_here_follows_what_happens_and_not_what_has_happened() -> None:
    conversation = begun()
    lobby = conversation.rooms.current
    assert lobby is not None
    conversation.heard(events.Joined("6-0", _TIME, "lobby", "carol"))
    conversation.heard(events.Renamed("7-0", _TIME, "lobby", "bob", "rob"))
    conversation.heard(said(8, "hi", nick="carol"))
    assert (list(lobby.members), lobby.count) == (["ann", "rob", "carol"], 3)
    conversation.lost("gone")
    conversation.welcomed(welcome("12-0", members=("ann", "dave")))
    conversation.heard(events.Left("9-0", _TIME, "lobby", "carol"))
    conversation.heard(events.Joined("10-0", _TIME, "lobby", "dave"))
    assert (list(lobby.members), lobby.count) == (["ann", "dave"], 2)


def test_who_comes_to_and_goes_from_a_crowd_is_told_in_few_lines() -> None:
    conversation = begun(members=tuple(f"user{number}" for number in range(60)))
    for number in range(6, 16):
        assert conversation.heard(events.Joined(f"{number}-0", _TIME, "lobby", f"new{number}")) == []
    left = events.Left("16-0", _TIME, "lobby", "user1")
    assert conversation.heard(left) == []
    assert conversation.heard(said(17, "hi")) == [Notice("10 joined"), left, said(17, "hi")]
    conversation.heard(left := events.Left("18-0", _TIME, "lobby", "user2"))
    assert conversation.gathered() == [left]
    assert conversation.gathered() == []
    conversation.heard(left := events.Left("19-0", _TIME, "lobby", "user3"))
    (join,) = conversation.entered("/join den")
    assert isinstance(join, commands.Join)
    members = replies.Members(room="den", members=["ann"], count=1, topic="", id="20-0", ref=join.ref)
    assert conversation.heard(members)[:2] == [left, Heading("den", 1)]


def test_a_server_whose_ids_begin_anew_is_heard() -> None:
    conversation = begun(event_id="900-0")
    conversation.lost("gone")
    conversation.welcomed(welcome("5-0"))
    assert conversation.heard(said(6, "hi")) == [said(6, "hi")]


_SECOND = "den"


class Lossy:
    """The simplest server that keeps its promises, and a connection to it that can be cut at any point."""

    def __init__(self) -> None:
        self.log: list[events.AnyEvent] = []
        self.refs: dict[str, events.Said] = {}
        self.known: dict[str, str] = {}  # refs that were stored before this connection
        self.nick = "ann"
        self.inside: set[str] = set()  # the rooms that the user is in
        self.next = 1
        self.connected = False
        self.to_server: deque[Command] = deque()
        self.to_client: deque[Any] = deque()
        self.conversation = Conversation("ann", "lobby", "ref")
        self.shown: list[str] = []
        self.connect()

    def connect(self) -> None:
        hello = self.conversation.hello()
        self.connected, self.known, self.inside = True, {}, {hello.room}
        self.nick = hello.nick
        here = f"{self._id()}-0"
        self._do(self.conversation.welcomed(welcome(here, nick=self.nick, room=hello.room)))
        self._tell_missed(hello.room, hello.after)

    def cut(self) -> None:
        self.connected = False
        self.to_server.clear()
        self.to_client.clear()
        self._do(self.conversation.lost("cut"))

    def type(self, text: str) -> None:
        self._do(self.conversation.entered(text))

    def post(self, event: events.AnyEvent) -> None:
        """Store something; whoever is in the room hears it."""
        self.log.append(event)
        if self.connected and event.room in self.inside:
            self.to_client.append(event)

    def bob_says(self, text: str, room: str) -> None:
        self.post(said(self._id(), text, room=room))

    def serve(self) -> None:
        match self.to_server.popleft():
            case commands.Say(text=text, room=room, ref=ref):
                if ref in self.known:
                    self.to_client.append(replies.Ack(ref=ref or "", id=self.known[ref or ""]))
                else:
                    event = said(self._id(), text, nick=self.nick, room=room or "")
                    self.refs[ref or ""] = event
                    self.known[ref or ""] = event.id
                    self.to_client.append(replies.Ack(ref=ref or "", id=event.id))  # before the event, as the server
                    self.post(event)
            case commands.Rename(nick=nick):
                old, self.nick = self.nick, nick
                for room in sorted(self.inside):
                    self.post(events.Renamed(f"{self._id()}-0", _TIME, room, old, nick))
            case commands.Join(room=room, ref=ref) if room in self.inside:
                self.to_client.append(replies.Error(code="already-here", message="you are here already", ref=ref))
            case commands.Join(room=room, after=after, ref=ref):
                self.inside.add(room)
                here = f"{self._id()}-0"
                self.to_client.append(
                    replies.Members(room=room, members=[self.nick], count=1, topic="", id=here, ref=ref)
                )
                self._tell_missed(room, after)

    def hear(self) -> None:
        self._do(self.conversation.heard(self.to_client.popleft()))

    def _tell_missed(self, room: str, after: str | None) -> None:
        for event in self.log:
            if after is not None and event.room == room and is_later(event.id, after):
                self.to_client.append(event)
                self.known |= {ref: event.id for ref, known in self.refs.items() if known is event}

    def _id(self) -> int:
        self.next += 1
        return self.next

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Command):
                self.to_server.append(effect)
            elif isinstance(effect, events.Said):
                self.shown.append(effect.text)


_STEPS = ["type", "bob in the lobby", "bob in the den", "serve", "hear", "cut", "connect", "join", "look", "rename"]


@settings(max_examples=100)
@given(st.lists(st.sampled_from(_STEPS), max_size=80))
def test_whatever_is_cut_all_that_is_typed_is_stored_once_and_all_that_is_said_shown_once(steps: list[str]) -> None:
    link = Lossy()
    typed: list[str] = []
    heard_from = {"lobby": "0-0"}  # since when the user has been in a room

    def rooms() -> list[str]:
        return [room.name for room in link.conversation.rooms]

    for number, step in enumerate(steps):
        match step:
            case "type":
                typed.append(f"typed {number}")
                link.type(typed[-1])
            case "bob in the lobby" | "bob in the den":
                link.bob_says(f"bob {number}", "lobby" if "lobby" in step else _SECOND)
            case "serve" if link.to_server:
                link.serve()
            case "hear" if link.to_client:
                link.hear()
            case "cut" if link.connected:
                link.cut()
            case "connect" if not link.connected:
                link.connect()
            case "join" if _SECOND not in rooms():
                link.type(f"/join {_SECOND}")
            case "look":
                link.conversation.entered(Switch(step=1))  # what it shows again does not count
            case "rename" if link.connected:
                link.type(f"/nick ann{number}")
        den = link.conversation.rooms.get(_SECOND)
        if den is not None:
            heard_from.setdefault(_SECOND, den.since)
    if not link.connected:
        link.connect()
    while link.to_server or link.to_client:
        while link.to_server:
            link.serve()
        while link.to_client:
            link.hear()
        den = link.conversation.rooms.get(_SECOND)
        if den is not None:
            heard_from.setdefault(_SECOND, den.since)
    conversation = link.conversation
    assert len(conversation.pending) == 0
    assert conversation.nick == link.nick
    assert set(rooms()) == link.inside
    stored = [event for event in link.log if isinstance(event, events.Said)]
    assert sorted(event.text for event in stored if event.nick != "bob") == sorted(typed)
    for room in conversation.rooms:
        due = [event for event in stored if event.room == room.name and is_later(event.id, heard_from[room.name])]
        assert list(room.kept) == due
    assert len(link.shown) == len(set(link.shown))
    if len(rooms()) == 1:
        assert link.shown == [event.text for event in stored if event.room == "lobby"]
