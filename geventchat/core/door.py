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
        if self.is_shut_to(member):
            return Question.SERVER_PASSWORD
        return Question.PASSWORD if member.wants_account else Question.NAME

    def is_shut_to(self, member: Member) -> bool:
        """Return whether a member has still to give the server's password."""
        return bool(self.password) and not member.gave_password

    def look_at(self, member: Member, given: str, now: float) -> None:
        """Check what a member gives as the server's password; a wrong one counts as a try. `now` is as in `Tries`."""
        if compare_digest(given.encode(errors="replace"), self.password.encode()):
            member.gave_password = True
        else:
            self.tries.was_wrong(member.address, now)

    def check(self, member: Member, given: str | None) -> None:
        """Raise Refused where the door is shut to a member, who has given this password, if any."""
        if self.is_shut_to(member):
            if given is None:
                raise Refused("password-needed", "this server asks for a password")
            raise Refused("wrong-password", "that is not the server's password")
