"""What a client says over connections that are lost, at any byte and again and again, is stored once and heard once."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pytest
from gevent import socket
from hypothesis import given, settings
from hypothesis import strategies as st

from geventchat import ChatServer, Limits
from geventchat.client.terminal.conversation import Conversation
from geventchat.commands.command import Command
from geventchat.dialects import json_client
from geventchat.protocol import events, replies
from geventchat.store.memory import MemoryLog
from tests.raw import Address


class Cut(NamedTuple):
    """Where a connection is lost: after so many bytes behind the welcome that it sends, and that it receives at all."""

    sent: int
    received: int


class Client:
    """The terminal's side of the chat over connections that are cut; `heard` are the texts of its own messages."""

    def __init__(self, address: Address, name: str) -> None:
        self._address = address
        self._conversation = Conversation(name, name, f"ref-{name}")
        self.heard: list[str] = []

    def connect(self, says: Sequence[str], cut: Cut | None) -> int:
        """Come in, say this and lose the connection; return how many bytes came."""
        conversation = self._conversation
        reader, received = json_client.MessageReader(), 0
        with socket.create_connection(self._address, 10) as connection:
            connection.sendall(json_client.encode(conversation.hello()))
            is_in = False
            while data := connection.recv(65536):
                taken = data if cut is None else data[: max(0, cut.received - received)]
                received += len(data)
                reader.receive(taken)
                while (message := reader.next_message()) is not None:
                    if isinstance(message, replies.Welcome):
                        is_in = True
                        todo = conversation.welcomed(message)
                        todo += [effect for text in says for effect in conversation.entered(text)]
                        asked = (one for one in todo if isinstance(one, Command))
                        sent = b"".join(map(json_client.encode, asked))
                        connection.sendall(sent if cut is None else sent[: cut.sent])
                        connection.shutdown(socket.SHUT_WR)  # what came until now is done, and the connection ended
                    else:
                        assert is_in, message
                        conversation.heard(message)
                        if isinstance(message, events.Said) and message.nick == conversation.nick:
                            self.heard.append(message.text)
                if cut is not None and received >= cut.received and not is_in:
                    break
        conversation.lost("it was cut")
        if not is_in:
            for text in says:
                conversation.entered(text)
        return received

    @property
    def waiting(self) -> int:
        """How many messages are not known to be stored."""
        return len(self._conversation.pending)


@pytest.fixture(scope="module")
def chat() -> Iterator[tuple[ChatServer, MemoryLog]]:
    log = MemoryLog()
    with ChatServer(limits=Limits(rate=None), log=log) as server:
        yield server, log


_names = iter(f"u{number}x" for number in range(1 << 30))


def check(chat: tuple[ChatServer, MemoryLog], connections: Sequence[tuple[Sequence[str], Cut]]) -> None:
    server, log = chat
    name = next(_names)
    client = Client(server.address, name)
    client.connect([], None)
    for says, cut in connections:
        client.connect(says, cut)
    client.connect([], None)
    said = [text for says, _ in connections for text in says]
    stored = [entry.event.text for entry in log.since(name, "0-0", 500) if isinstance(entry.event, events.Said)]
    assert sorted(stored) == sorted(said)
    assert client.heard == stored
    assert client.waiting == 0


@pytest.mark.slow
@settings(max_examples=50)
@given(
    connections=st.lists(
        st.tuples(
            st.lists(st.sampled_from(["hi", "hi", "yes"]), max_size=2),
            st.builds(Cut, st.integers(0, 300), st.integers(0, 1500)),
        ),
        max_size=4,
    )
)
def test_whatever_is_cut_where(chat: tuple[ChatServer, MemoryLog], connections: list[tuple[list[str], Cut]]) -> None:
    check(chat, connections)


@pytest.mark.slow
def test_at_every_byte_of_what_is_told_on_the_way_back(chat: tuple[ChatServer, MemoryLog]) -> None:
    server, _ = chat
    client = Client(server.address, next(_names))
    client.connect([], None)
    client.connect(["hi", "hi"], Cut(10_000, 400))
    for received in range(client.connect([], None)):
        check(chat, [(["hi", "hi"], Cut(10_000, 400)), ([], Cut(10_000, received))])


@pytest.mark.slow
def test_at_every_byte_that_is_sent(chat: tuple[ChatServer, MemoryLog]) -> None:
    for sent in range(400):
        check(chat, [(["hi", "hi"], Cut(sent, 10_000)), (["yes"], Cut(sent, 10_000))])
