"""What an action of a script asks of a protocol, and not every protocol is able to do."""

from typing import Literal

# To come back as if one had never been away is to catch up.
Ability = Literal["act", "whisper", "rename", "greet", "rooms", "ping", "catch up"]
