"""What is asked of the server."""

from collections.abc import Iterable, Iterator

from geventchat.commands import commands
from geventchat.dialects.irc import texts
from geventchat.dialects.irc.answers import Request, Verb, answer, wrong
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.names import SERVER


def ping(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Answer with a PONG, behind all that was asked before."""
    if not params:
        yield wrong(asked, "409", "No origin specified")
    else:
        yield answer(asked, lambda to: [to.said_by_server("PONG", SERVER, params[0])])


def nothing(_: Asked, __: list[str]) -> Iterable[Request]:
    """Ask for nothing."""
    return ()


def leave(_: Asked, params: list[str]) -> Iterator[Request]:
    """Leave for good."""
    reason = texts.plain(params[0]) if params else ""
    yield commands.Bye(reason=f"Quit: {reason}" if reason else "Quit")


def status(asked: Asked, _: list[str]) -> Iterator[Request]:
    """Ask how the server stands."""
    yield commands.Status(ref=asked.ref)


def motd(asked: Asked, _: list[str]) -> Iterator[Request]:
    """Ask for the message of the day."""
    yield commands.Motd(ref=asked.ref)


def stats(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Ask for figures, of which there are none here."""
    yield wrong(asked, "219", params[0][:1] or "*" if params else "*", "End of /STATS report")


def registered_already(asked: Asked, _: list[str]) -> Iterator[Request]:
    """Refuse what only newcomers say."""
    yield wrong(asked, "462", "You may not register again")


def always(*lines: tuple[str, ...]) -> Verb:
    """Return what a verb does to which the answer is always the same."""

    def tell(asked: Asked, _: list[str]) -> Iterator[Request]:
        yield answer(asked, lambda to: [to.numeric(*line) for line in lines])

    return tell
