"""A live room becomes a scenario, however the recording ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import gevent

from bots.load import parse
from bots.record import NAME, record
from bots.transcribe import Transcript
from geventchat import ChatClient, ChatServer
from geventchat.events import Acted, Joined


@contextmanager
def recording(server: ChatServer) -> Iterator["gevent.Greenlet[..., Transcript]"]:
    """Record a room in which bob says two things."""
    with ChatClient(server.address, name="bob") as bob:
        recorder = gevent.spawn(record, server.address, "lobby")
        next(event for event in bob if isinstance(event, Joined) and event.nick == NAME)
        with ChatClient(server.address, name="ann") as ann:
            bob.say("hello: {everyone}")
            bob.act("waves")
            next(event for event in ann if isinstance(event, Acted))
        yield recorder


def test_ctrl_c_ends_it_and_what_was_heard_is_a_scenario() -> None:
    with ChatServer() as server, recording(server) as recorder:
        while not recorder.ready():
            gevent.sleep(0.2)
            recorder.kill(KeyboardInterrupt)
        transcript = recorder.get()
    assert transcript.notes == ()
    assert 'bob: {say: "hello: {{everyone}}"' in transcript.text
    assert 'bob: {act: "waves"' in transcript.text
    assert [actor.name for actor in parse(transcript.text.encode(), "talk.yaml", lambda _: b"").actors]


def test_what_was_heard_until_the_server_ended_is_kept_and_that_it_ended_is_said() -> None:
    with ChatServer() as server, recording(server) as recorder:
        server.stop()
        transcript = recorder.get(timeout=10)
    (note,) = transcript.notes
    assert note.endswith("; this is what was heard until then")
    assert 'bob: {act: "waves"' in transcript.text
