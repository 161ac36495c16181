"""What comes of a line: commands for the chat, and answers that the dialect knows by itself, in their turn."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from geventchat.commands.commands import AnyCommand
from geventchat.dialects.base import Answer
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.isupport import MAX_TARGETS
from geventchat.dialects.irc.lines import Out
from geventchat.dialects.irc.recipient import Recipient

Request = AnyCommand | Answer
# What a verb asks for: it gets what was asked, with the label if there is one, and the parameters.
Verb = Callable[[Asked, list[str]], Iterable[Request]]

# What a reply may depend on, of what was asked, so that a ref stays short.
MAX_DETAIL = 50


def answer(asked: Asked, say: Callable[[Recipient], Sequence[Out]]) -> Answer:
    """Return an answer that the dialect gives by itself; `say` gets whom it is for."""
    return Answer(lambda member: asked.answer(say(Recipient(member, frozenset(), asked))))


def wrong(asked: Asked, number: str, *params: str) -> Answer:
    """Return an answer that is one numeric."""
    return answer(asked, lambda to: [to.numeric(number, *params)])


def too_few(asked: Asked) -> Answer:
    """Return the answer to a verb that lacks parameters."""
    return wrong(asked, "461", asked.verb, "Not enough parameters")


def no_channel(asked: Asked, target: str) -> Answer:
    """Return the answer to a verb that is about channels, for a target that is none."""
    return wrong(asked, "403", target, "No such channel: their names begin with #")


def for_each(
    asked: Asked, given: str, ask: Callable[[str], Iterable[Request]], most: int = MAX_TARGETS
) -> Iterator[Request]:
    """Ask the same for each target in a list, each once; if more are named than may be, say from which one on not."""
    targets = targets_of(given)
    for target in targets[:most]:
        yield from ask(target)
    if len(targets) > most:
        yield wrong(asked, "407", targets[most], f"Too many targets: at most {most} at once, so not from this one on")


def targets_of(given: str) -> list[str]:
    """Return the targets in a list, each once."""
    return list(dict.fromkeys(target for target in given.split(",") if target))
