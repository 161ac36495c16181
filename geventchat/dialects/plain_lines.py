"""What people are told, as lines of text.

A line that nobody said begins with `* `. What a user says stands behind `nick: `, and so can never be taken for one.
"""

from collections.abc import Callable
from typing import Any

from geventchat.protocol import events, replies, wording
from geventchat.protocol.questions import Question

PROMPTS = {
    Question.SERVER_PASSWORD: b"Server password: ",
    Question.NAME: b"Enter your name: ",
    Question.PASSWORD: b"Password: ",
}


def notice(text: str) -> bytes:
    """Return a line that nobody said."""
    return f"* {text}\n".encode()


def encode_event(event: events.Event) -> bytes:
    """Return an event as a whole line."""
    return f"{wording.line_of(event)}\n".encode()


def encode_reply(reply: replies.Reply) -> bytes:
    """Return a reply as whole lines."""
    if type(reply) in _OWN:
        return _OWN[type(reply)](reply)
    return b"".join(map(notice, wording.notices_of(reply)))


def encode(message: replies.Message) -> bytes:
    """Return anything that a server tells as whole lines."""
    return encode_event(message) if isinstance(message, events.Event) else encode_reply(message)


def _welcome(welcome: replies.Welcome) -> bytes:
    topic = notice(f"topic: {welcome.topic}") if welcome.topic else b""
    return f"Hi, {welcome.nick}! To exit the chat enter 'exit'.\n".encode() + topic


def _history(page: replies.HistoryPage) -> bytes:
    lines = [notice(f"{event.time[11:19]} {wording.line_of(event)}") for event in page.events]
    end = "that was earlier; there is more before it" if page.more else "that was earlier"
    return b"".join([notice(f"earlier in {page.room}, times in UTC:"), *lines, notice(end)])


def _closing(closing: replies.Closing) -> bytes:
    said = {"bye": b"exit\n", "gone": b""}  # the task's own word; nothing for a peer that has gone
    return said[closing.code] if closing.code in said else notice(closing.message)


# What reads otherwise here than for every other reader.
_OWN: dict[type[replies.Reply], Callable[[Any], bytes]] = {
    replies.Prompt: lambda prompt: PROMPTS[prompt.question],
    replies.Welcome: _welcome,
    replies.HistoryPage: _history,
    replies.Closing: _closing,
}
