"""What a client can ask to be told otherwise (IRCv3), and how it does: https://ircv3.net/specs/extensions/capability-negotiation."""

from geventchat.dialects.irc.sasl import MECHANISMS

# All that is offered, and all of it works.
OFFERED = (
    "account-notify",
    "account-tag",
    "away-notify",
    "batch",
    "cap-notify",
    "draft/account-registration",
    "draft/chathistory",
    "draft/event-playback",
    "draft/message-redaction",
    "echo-message",
    "extended-join",
    "extended-monitor",
    "labeled-response",
    "message-tags",
    "multi-prefix",
    "sasl",
    "server-time",
    "setname",
    "standard-replies",
    "userhost-in-names",
)
_VERSION = 302
# What is said behind a capability to clients that know this version.
_VALUES = {"sasl": f"={MECHANISMS}"}


class Negotiation:
    """The state of one client's negotiation: what has been agreed on, and whether registration waits for its end."""

    __slots__ = ("agreed", "is_open", "version")

    def __init__(self) -> None:
        self.agreed: frozenset[str] = frozenset()
        self.is_open = False
        self.version = 0

    def take(self, params: list[str]) -> tuple[str, str] | None:
        """Carry out a CAP command; return the two parameters of the answer, empty ones for none.

        None is for a subcommand that is none.
        """
        subcommand, *words = params or [""]
        match subcommand.upper():
            case "LS":
                self.is_open = True
                self._note_version(words[0] if words else "")
                values = _VALUES if self.version >= _VERSION else {}
                return "LS", " ".join(name + values.get(name, "") for name in OFFERED)
            case "LIST":
                return "LIST", " ".join(sorted(self.agreed))
            case "REQ":
                self.is_open = True
                return self._request(" ".join(words))
            case "END":
                self.is_open = False
                return "", ""
        return None

    def _note_version(self, version: str) -> None:
        if version.isascii() and version.isdigit():
            self.version = max(self.version, int(version[:9]))
        if self.version >= _VERSION:
            self.agreed |= {"cap-notify"}

    def _request(self, wanted: str) -> tuple[str, str]:
        """Agree to all that is wanted, or to nothing."""
        names = wanted.split()
        agreed = set(self.agreed)
        for name in names:
            if name.removeprefix("-") not in OFFERED or (name == "-cap-notify" and self.version >= _VERSION):
                return "NAK", wanted
            if name.startswith("-"):
                agreed.discard(name[1:])
            else:
                agreed.add(name)
        self.agreed = frozenset(agreed)
        return "ACK", wanted
