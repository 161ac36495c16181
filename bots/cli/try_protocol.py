"""The verb `try`: a protocol's file against a server, with every frame beside what it was understood as."""

import argparse
import sys
from pathlib import Path

from bots.cli.output import coloured, show
from geventchat.cli.connecting import trust
from geventchat.protocol import address
from geventchat.protocol.errors import UsageError

# Frames are shown in a column so wide, and longer ones with their meaning below.
_WIDTH = 60


def try_protocol(options: argparse.Namespace) -> int:
    """Try a protocol; return the exit status. Raises UsageError and ServerUnavailable."""
    from bots.engine.interrupt import interruptible
    from bots.engine.trial import try_out
    from bots.protocols.load import load
    from bots.protocols.traced import Frame
    from bots.scenario.mistakes import ScenarioMistakes

    if options.protocol is None:
        raise UsageError("try needs --protocol FILE: what is to be tried")
    at = address.parse(options.server)
    try:
        description = load(Path(options.protocol))
    except ScenarioMistakes as mistakes:
        print(mistakes, file=sys.stderr)
        return 2

    def tell(name: str, frame: Frame) -> None:
        way = "→" if frame.sent else "←"
        gap = "\n" + " " * 6 if len(frame.content) > _WIDTH else " " * (_WIDTH - len(frame.content) + 2)
        meaning = frame.meaning if frame.understood else coloured(f"fits nothing: {frame.meaning}", good=False)
        show(f"{name} {way} {frame.content}{gap}{meaning}\n")

    with interruptible():
        wrong = try_out(description, at, tell, trust(options, "geventchat-bots", description.tls))
    for one in wrong:
        show(coloured(f"{one}\n", good=False))
    if not wrong:
        show(coloured("all that was said was heard; the protocol can be used\n", good=True))
    return 1 if wrong else 0
