"""What an actor can do in one line of a script: one class per action, with all that may stand beside it.

These are at once what a scenario's file may hold, what the JSON Schema is made from, and what the bots carry out.
"""

from bots.scenario.actions.base import Action
from bots.scenario.actions.connection import Drop, Ping, Read, Reconnect, SendBytes
from bots.scenario.actions.moving import Join, Leave, Rename
from bots.scenario.actions.speaking import Act, Greet, Reply, Say, Whisper
from bots.scenario.actions.waiting import Expect, ExpectNone, Wait

# By the key that names the action in a file, in the order in which they are told.
ACTIONS: dict[str, type[Action]] = {
    kind.key: kind
    for kind in (
        *(Say, Act, Whisper, Rename, Join, Leave, Wait, Expect, ExpectNone, Reply, Greet),
        *(Ping, Drop, Reconnect, Read, SendBytes),
    )
}
