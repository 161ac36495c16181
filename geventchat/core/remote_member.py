"""One user who is connected to another server, and what servers tell each other of who somebody is."""

from hmac import compare_digest

from geventchat.core.encoder import Capabilities, Encoder
from geventchat.core.member import Member, proof_of
from geventchat.core.shared_log import Arrived, Person
from geventchat.delivery.outbox import Outbox


def _no_bytes(*_: object) -> bytes:
    return b""


_SILENT = Encoder(name="remote", event=_no_bytes, gap=_no_bytes, crowd=_no_bytes, reply=_no_bytes)
_CAN = Capabilities(several_rooms=True, gathers_joins=False, welcomed_with_list=False, greeted_with_history=False)


class RemoteMember(Member):
    """A member who is connected to another server, and is told nothing here; its token is the proof of the real one."""

    __slots__ = ()
    is_remote = True

    def __init__(self, uid: str, proof: str) -> None:
        super().__init__(_SILENT, _CAN, Outbox(), proof)
        self.uid = uid
        self.welcomed = True

    def update(self, known: Person) -> None:
        """Take what its own server tells of it."""
        for field in Person.__struct_fields__:
            setattr(self, field, getattr(known, field))

    @property
    def proof(self) -> str:
        """What shows that it has its token."""
        return self.token

    def has_token(self, token: str) -> bool:
        """Return whether this is the token that the member's own server has given it."""
        return compare_digest(proof_of(token).encode(), self.proof.encode())


def arrival(member: Member, nick: str, key: str) -> Arrived:
    """Return what other servers are told when a member gets a nick."""
    return Arrived(member.uid, nick, key, member.proof, person(member))


def person(member: Member) -> Person:
    """Return what other servers are to know of a member."""
    return Person(
        member.about,
        member.username,
        member.account,
        member.era,
        member.role,
        member.away,
        member.since,
        member.origin,
    )
