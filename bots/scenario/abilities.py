"""What an action of a script asks of a protocol, and not every protocol is able to do."""

from typing import Literal

# To come back as if one had never been away is to catch up.
Ability = Literal["act", "whisper", "rename", "greet", "rooms", "ping", "catch up"]

# Why a script that asks for it is refused.
WITHOUT: dict[Ability, str] = {
    "act": "nobody can act, as with /me",
    "whisper": "nobody can whisper",
    "rename": "nobody can take another name",
    "greet": "nobody hears who comes in",
    "rooms": "there is only one room",
    "ping": "nothing is answered as a ping is",
    "catch up": "who comes back is not told what it missed; without reconnect: true, it can reconnect in the script",
}
