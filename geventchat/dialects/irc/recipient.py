"""The client that a reply is for: what it is called, what it has agreed on, and what it has asked."""

from dataclasses import dataclass

from geventchat.core.member import Member
from geventchat.dialects.irc.asked import Asked
from geventchat.dialects.irc.lines import Out, build
from geventchat.dialects.irc.names import SERVER, nick_to_irc


@dataclass(frozen=True, slots=True)
class Recipient:
    """One client as of the reply that it is told."""

    member: Member
    caps: frozenset[str]
    asked: Asked

    @property
    def nick(self) -> str:
        """The nick that it knows itself by: as of what it has been told; empty before it is welcomed."""
        return self.member.published_nick

    @property
    def me(self) -> str:
        """The same as IRC writes it: what every numeric begins with."""
        return nick_to_irc(self.nick) or "*"

    def numeric(self, number: str, *params: str) -> Out:
        """Return a numeric reply; the last parameter may hold blanks."""
        return build(SERVER, number, self.me, *params)

    def short(self, number: str, *params: str) -> Out:
        """Return a numeric reply without any parameter that may hold blanks."""
        return Out(" ".join([f":{SERVER} {number} {self.me}", *params]))

    def said_by_server(self, command: str, *params: str) -> Out:
        """Return a message that the server sends; the last parameter may hold blanks."""
        return build(SERVER, command, *params)
