"""Every error this project raises on purpose.

ChatError
├── Refused              a command that cannot be carried out; the user is told why and stays
│   ├── ProtocolError    bytes that are no command; `fatal` when the connection cannot go on
│   └── NotTrusted       inside TLS, the server is perhaps not the one that it should be
├── NotStored            the log cannot keep an event, a full disk for one
├── ServerUnavailable    nobody answers where the client looked
├── ConnectionLost       the connection ended before the user ended it
├── NoAnswer             a request was not answered in time; the connection stands
└── UsageError           an option or argument on the command line makes no sense
"""


class ChatError(Exception):
    """The root: catch this to catch all that geventchat raises."""


class Refused(ChatError):
    """What a user asked for cannot be done.

    `code` is stable and for programs ("nick-taken"); `message` is one line for people; `about` is the name that is
    at fault, if it is one.
    """

    def __init__(self, code: str, message: str, about: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.about = about


class ProtocolError(Refused):
    """Received bytes that are no command of their dialect. The only exception that reading bytes may raise.

    After one that is `fatal`, the connection cannot go on. `ref` is that of the command, where it could be read.
    """

    def __init__(self, code: str, message: str, *, fatal: bool = False, ref: str | None = None) -> None:
        super().__init__(code, message)
        self.fatal = fatal
        self.ref = ref

    def forget_frames(self) -> None:
        """Let go of the frames that it was raised in, once it is caught.

        One of them may know the error, which then keeps it, and all that stands in it, until the collector comes.
        """
        self.__traceback__ = self.__context__ = None


class NotTrusted(Refused):
    """The server is perhaps another than the one that it should be: we refuse it, before anything is said."""

    def __init__(self, message: str) -> None:
        super().__init__("not-trusted", message)


class NotStored(ChatError):
    """The log could not keep what was said; the message says why."""


class ServerUnavailable(ChatError):
    """No chat server answers at the address."""


class ConnectionLost(ChatError):
    """The server closed the connection, or it broke."""


class NoAnswer(ChatError):
    """The server did not answer a request in time. The connection stands, and the answer may still come."""


class UsageError(ChatError):
    """An option or argument that makes no sense; the message says which and what would."""
