"""A room for a few users, in which a test says in which order everything is said and heard."""

from bots.ledger.model import Attendance
from bots.ledger.room import RoomLedger


class LetteredRoom:
    """Each message is one letter, said by the user who is its capital; Y and Z take no part in the scenario.

    What is heard comes from 10.001 s on, each thing a millisecond after the last one. What stands behind the
    two letters is its id.
    """

    def __init__(self, *, per_sender: bool = False, echoes: bool = False) -> None:
        self.room = RoomLedger(per_sender=per_sender, cast="ABCDEFGHIJKLMNOPQRSTUVWX")
        self.users: dict[str, Attendance] = {}
        self._echoes = echoes
        self._now = 10.0

    def enter(self, *names: str, asked: float = 0.0, entered: float = 0.0) -> None:
        for name in names:
            user = self.users[name] = self.room.enter(name, asked)
            user.entered, user.hears_itself = entered, self._echoes

    def come(self, name: str) -> None:
        """Let a user ask to come in now, and be there at once."""
        self.enter(name, asked=self._now + 0.0001, entered=self._now + 0.0002)

    def drop(self, name: str) -> None:
        """Let a user lose the connection now."""
        user = self.users[name]
        user.leaving = user.left = self._now + 0.0001
        user.dropped = True

    def say(self, name: str, text: str, at: float = 0.0) -> None:
        at = at or self._now + 0.0003
        self.room.say(name, text, at, at)

    def hear(self, name: str, *said: str) -> None:
        for words in said:
            nick, text, event_id = words[0], words[1], words[2:]
            self._now += 0.001
            self.room.hear(self.users[name], nick, text, self._now, event_id, f"{nick} {text}\n".encode())

    def found(self) -> list[tuple[str, str]]:
        self.room.close()
        return [(one.fault, one.reader.name) for one in self.room.findings]
