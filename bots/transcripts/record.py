"""A live room, written down until Ctrl-C."""

import dataclasses
import time

from bots.scenario.units import counted
from bots.transcripts.writer import Moment, Transcript, transcribe
from geventchat.client.client import ChatClient
from geventchat.protocol import events
from geventchat.protocol.address import show
from geventchat.protocol.errors import ConnectionLost
from geventchat.tls.trust import Trust

NAME = "recorder"
# What a scenario can replay; a topic is none of it.
_RECORDED = events.Said | events.Acted | events.Joined | events.Left | events.Renamed


def record(address: tuple[str, int], room: str, tls: Trust | None = None, password: str = "") -> Transcript:
    """Listen in a room until interrupted, or until the server ends; return what happened as a scenario.

    Raises ServerUnavailable or Refused when there is no way in, and NothingToWrite if nothing happened.
    """
    moments: list[Moment] = []
    notes: list[str] = []
    with ChatClient(address, name=NAME, room=room, tls=tls, password=password or None) as client:
        began = time.monotonic()
        try:
            heard = (message for message in client if isinstance(message, _RECORDED))
            moments.extend((time.monotonic() - began, event) for event in heard)
            notes.append("the server ended the connection; this is what was heard until then")
        except ConnectionLost as lost:
            notes.append(f"{lost}; this is what was heard until then")
        except KeyboardInterrupt:
            pass
    transcript = transcribe(moments, f"{room} at {show(address)}, {counted(len(moments), 'event')}")
    return dataclasses.replace(transcript, notes=(*transcript.notes, *notes))
