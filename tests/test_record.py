"""A live room becomes a scenario, however the recording ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import gevent
import pytest
from gevent.event import Event as Signal

from bots.scenario.load import parse
from bots.transcripts.record import NAME, record
from bots.transcripts.writer import NothingToWrite, Transcript
from geventchat import ChatClient, ChatServer
from geventchat.commands import commands
from geventchat.protocol.events import Acted, Joined
from geventchat.protocol.replies import Message


@contextmanager
def recording(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> Iterator["gevent.Greenlet[..., Transcript]"]:
    """Record a room until the two things have been written down that bob says there."""
    written_down = Signal()

    class Listener(ChatClient):
        def __iter__(self) -> Iterator[Message]:
            for message in super().__iter__():
                yield message
                if isinstance(message, Acted):
                    written_down.set()

    monkeypatch.setattr("bots.transcripts.record.ChatClient", Listener)
    with ChatClient(server.address, name="bob") as bob:
        recorder = gevent.spawn(record, server.address, "lobby")
        next(event for event in bob if isinstance(event, Joined) and event.nick == NAME)
        bob.request(commands.Topic(text="tea"))
        bob.say("hello: {everyone}")
        bob.act("waves")
        assert written_down.wait(10)
        yield recorder


def test_ctrl_c_ends_it_and_what_was_heard_is_a_scenario(monkeypatch: pytest.MonkeyPatch) -> None:
    with ChatServer() as server, recording(server, monkeypatch) as recorder:
        recorder.kill(KeyboardInterrupt)
        transcript = recorder.get()
    assert transcript.notes == ()
    assert transcript.title.endswith(", 2 events")
    assert 'bob: {say: "hello: {{everyone}}"' in transcript.text
    assert 'bob: {act: "waves"' in transcript.text
    assert [actor.name for actor in parse(transcript.text.encode(), "talk.yaml", lambda _: b"").actors] == ["bob"]


def test_what_was_heard_until_the_server_ended_is_kept_and_that_it_ended_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with ChatServer() as server, recording(server, monkeypatch) as recorder:
        server.stop()
        transcript = recorder.get(timeout=25)
    (note,) = transcript.notes
    assert note.endswith("; this is what was heard until then")
    assert 'bob: {act: "waves"' in transcript.text


def test_a_room_in_which_nothing_happens_makes_no_scenario(monkeypatch: pytest.MonkeyPatch) -> None:
    listening = Signal()

    class Listener(ChatClient):
        def __iter__(self) -> Iterator[Message]:
            listening.set()
            return super().__iter__()

    def told(address: tuple[str, int]) -> str:
        with pytest.raises(NothingToWrite) as nothing:
            record(address, "attic")
        return str(nothing.value)

    monkeypatch.setattr("bots.transcripts.record.ChatClient", Listener)
    with ChatServer() as server:
        recorder = gevent.spawn(told, server.address)
        assert listening.wait(10)
        recorder.kill(KeyboardInterrupt)
        assert recorder.get().endswith(", 0 events: nothing of it can be replayed, so nothing is written")
