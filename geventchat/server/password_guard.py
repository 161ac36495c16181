"""The passwords that one user gives: the server's, and those of accounts; after wrong ones they are looked at later."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from geventchat.commands import actions, commands
from geventchat.commands.followups import CheckPassword, HashPassword, MakeWord
from geventchat.core.chat import Chat
from geventchat.core.member import Member
from geventchat.protocol.errors import ProtocolError, Refused
from geventchat.server.passwords import Passwords, random_word
from geventchat.server.throttle import Registrar


class PasswordGuard:
    """Looks at the passwords of a member.

    `wait` lets so many seconds pass, or fewer if the session ends; `is_over` is whether it has.
    """

    def __init__(
        self,
        chat: Chat,
        passwords: Passwords,
        registrar: Registrar,
        member: Member,
        wait: Callable[[float], None],
        is_over: Callable[[], bool],
    ) -> None:
        self._chat = chat
        self._passwords = passwords
        self._registrar = registrar
        self._member = member
        self._wait = wait
        self._is_over = is_over

    def look_at_servers(self, command: commands.AnyCommand) -> None:
        """Look at the server's password, where a newcomer gives it; the command then finds the door open or shut.

        Raises ProtocolError, fatal, when its turn does not come soon.
        """
        door = self._chat.door
        given = command.password if isinstance(command, commands.Hello | commands.ServerPassword) else None
        if given is None or not door.is_shut_to(self._member):
            return
        try:
            with self._turn():
                if not self._is_over():
                    door.look_at(self._member, given, time.monotonic())
        except Refused as refusal:
            raise ProtocolError("wrong-password", refusal.message, fatal=True) from None

    def work_on(self, asked: CheckPassword | HashPassword | MakeWord) -> commands.AnyCommand | None:
        """Do what takes too long for the loop, or is chance, and go on with what comes of it; return what is next."""
        return actions.go_on(self._chat, self._member, lambda: self._find_out(asked), asked.ref)

    def _find_out(
        self, asked: CheckPassword | HashPassword | MakeWord
    ) -> Callable[[], commands.AnyCommand | None] | None:
        """Return how to go on; None if the session has ended meanwhile."""
        then: Callable[[], commands.AnyCommand | None]
        match asked:
            case CheckPassword(stored=stored):
                then = partial(asked.then, stored is None or self._fits(stored, asked.password))
            case HashPassword():
                if asked.is_new:
                    self._registrar.admit(self._member.address, time.monotonic())
                then = partial(asked.then, self._make(asked.password))
            case MakeWord():
                then = partial(asked.then, random_word())
        return None if self._is_over() else then

    def _make(self, password: str) -> str:
        """Make a hash, in the same turn as a password is looked at: one host would else take the time of all logins."""
        with self._turn():
            return "" if self._is_over() else self._passwords.make(password)

    def _fits(self, stored: str, password: str) -> bool:
        """Return whether this is the password of a hash. Raises Refused when its turn does not come soon."""
        with self._turn():
            if self._is_over():
                return False
            fits = self._passwords.fits(stored, password)
            if not fits:
                self._chat.door.tries.was_wrong(self._member.address, time.monotonic())
            return fits

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait until a password may be looked at; others that wait too may turn out wrong, and then it waits on."""
        tries, address, came = self._chat.door.tries, self._member.address, time.monotonic()
        try:
            while not self._is_over() and (wait := tries.wait_s(address, time.monotonic(), came)):
                self._wait(wait)
            yield
        finally:
            tries.end(address, came)
