"""What a newcomer is asked before it is in: the server's password, a name, and the password of the account to that."""

from hmac import compare_digest

from geventchat.core.member import Member
from geventchat.core.tries import Tries
from geventchat.protocol.errors import Refused
from geventchat.protocol.questions import Question


class Door:
    """Lets in who knows the server's password; everybody, if that is empty."""

    def __init__(self, password: str = "") -> None:
        self.password = password
        self.tries = Tries()

    @property
    def first_question(self) -> Question:
        """What is asked first."""
        return Question.SERVER_PASSWORD if self.password else Question.NAME

    def question(self, member: Member) -> Question | None:
        """Return what a member is asked next; None once it is in."""
        if member.key:
            return None
        if self.password and not member.unlocked:
            return Question.SERVER_PASSWORD
        return Question.PASSWORD if member.wants_account else Question.NAME

    def try_s(self, member: Member, given: str | None, now: float) -> float:
        """Return how many seconds to wait before a password is looked at; `now` is as `Tries` has it. Raises Refused.

        It has then to be looked at, by `unlock`.
        """
        is_try = self.password and not member.unlocked and given is not None
        return self.tries.begin(member.address, now) if is_try else 0.0

    def unlock(self, member: Member, given: str | None) -> None:
        """Let a member on that gives the server's password; once is enough. Raises Refused."""
        if member.unlocked or not self.password:
            return
        if given is None:
            raise Refused("password-needed", "this server asks for a password")
        if not compare_digest(given.encode(errors="replace"), self.password.encode()):
            raise Refused("wrong-password", "that is not the server's password")
        self.tries.was_right(member.address)
        member.unlocked = True
