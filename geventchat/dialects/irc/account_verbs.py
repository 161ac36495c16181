"""What is asked for about accounts: REGISTER of IRCv3 (draft/account-registration), and verbs of our own."""

from collections.abc import Callable, Iterator

from geventchat.commands import commands
from geventchat.dialects.irc.answers import Request, Verb, answer, too_few
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.lines import build
from geventchat.dialects.irc.names import SERVER, name_from_irc


def register(asked: Asked, params: list[str]) -> Iterator[Request]:
    """Register the present nick: `*` stands first, for it, then an e-mail address, which nobody needs."""
    if len(params) < 3:
        yield too_few(asked)
    elif params[0] == "*":
        yield commands.Register(password=params[2], ref=asked.ref)
    else:
        words = "You can register your present nick only: REGISTER * * password"
        why = build(SERVER, "FAIL", "REGISTER", "ACCOUNT_NAME_MUST_BE_NICK", params[0], words)
        yield answer(asked, lambda _: [why])


def _asking(least: int, command: Callable[[Asked, list[str]], Request]) -> Verb:
    """Return a verb that has so many parameters at least."""

    def ask(asked: Asked, params: list[str]) -> Iterator[Request]:
        yield command(asked, params) if len(params) >= least else too_few(asked)

    return ask


login = _asking(
    2, lambda asked, params: commands.Login(account=name_from_irc(params[0]), password=params[1], ref=asked.ref)
)
logout = _asking(0, lambda asked, _: commands.Logout(ref=asked.ref))
password = _asking(1, lambda asked, params: commands.Password(password=params[0], ref=asked.ref))
unregister = _asking(1, lambda asked, params: commands.Unregister(password=params[0], ref=asked.ref))
recover = _asking(1, lambda asked, params: commands.Recover(account=name_from_irc(params[0]), ref=asked.ref))
