"""The status line: the rooms and what is unread in them, how many are here, who we are, and the connection."""

from collections.abc import Callable
from dataclasses import dataclass

from geventchat.client.terminal.conversation import Conversation
from geventchat.client.terminal.view import Line


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the status line; where there is no room for all, those of the highest `rank` are left out first."""

    rank: int
    style: str
    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """What the status line says and Tab completes, as it stood at one moment: the terminal's thread reads it."""

    room: str = ""  # the one that is looked at
    pieces: tuple[Piece, ...] = ()
    nicks: tuple[str, ...] = ()  # who is in the room, who spoke last first; the user's own left out
    rooms: tuple[str, ...] = ()


def status(conversation: Conversation, link: tuple[str, ...]) -> Status:
    """Return the status of a conversation; `link` says how the connection is, what matters most first."""
    current = conversation.rooms.current
    nicks = [nick for nick in reversed(current.members) if nick != conversation.nick] if current else []
    return Status(
        room=current.name if current else "",
        pieces=tuple(_pieces(conversation, link)),
        nicks=tuple(nicks),
        rooms=tuple(room.name for room in conversation.rooms),
    )


def _pieces(conversation: Conversation, link: tuple[str, ...]) -> list[Piece]:
    current = conversation.rooms.current
    pieces = []
    for number, room in enumerate(conversation.rooms, 1):
        name = f"{number}:{room.name}"
        if room is current:
            pieces.append(Piece(0, "class:status.current", name))
        elif room.mentioned:
            pieces.append(Piece(2, "class:status.mention", f"{name}+{room.unread}!"))
        elif room.unread:
            pieces.append(Piece(3, "class:status", f"{name}+{room.unread}"))
        else:
            pieces.append(Piece(6, "class:status", name))
    if current is not None:
        pieces.append(Piece(5, "class:status", f"{current.count} here"))
    pieces.append(Piece(7, "class:status", conversation.nick))
    if conversation.pending:
        pieces.append(Piece(1, "class:status", f"{len(conversation.pending)} unsent"))
    if conversation.connected:
        return [*pieces, *(Piece(4, "class:status", text) for text in link)]
    return [*pieces, *(Piece(rank, "class:status.trouble", text) for rank, text in enumerate(link))]


def fit(pieces: tuple[Piece, ...], columns: int, width: Callable[[str], int]) -> Line:
    """Return a line of just `columns` columns; `width` measures a text in columns."""
    chosen = [(piece, f" {piece.text[:columns]} ") for piece in pieces]  # names may be of any length
    used = sum(width(text) for _, text in chosen)
    while len(chosen) > 1 and used > columns:
        last = max(chosen, key=lambda one: one[0].rank)
        chosen.remove(last)
        used -= width(last[1])
    line = [(piece.style, text if used <= columns else _cut(text, columns, width)) for piece, text in chosen]
    return [*line, ("class:status", " " * (columns - sum(width(text) for _, text in line)))]


def _cut(text: str, columns: int, width: Callable[[str], int]) -> str:
    while width(text) > columns:
        text = text[:-1]
    return text
