"""The verb `try`: a protocol against a server, with every frame beside what it was understood as."""

import argparse
import sys

from bots.cli.output import coloured, show
from geventchat.cli.connecting import trust
from geventchat.protocol import address
from geventchat.protocol.errors import UsageError

# Frames are shown in a column so wide, and longer ones with their meaning below.
_WIDTH = 60
# So many are shown that are the same, one after another: a server may never stop.
_MAX_SAME = 3


def try_protocol(options: argparse.Namespace) -> int:
    """Try a protocol; return the exit status. Raises UsageError and ServerUnavailable."""
    from bots.engine.interrupt import interruptible
    from bots.engine.trial import try_out
    from bots.protocols.description import Description
    from bots.protocols.load import load
    from bots.protocols.registry import MakeDialect, by_name
    from bots.protocols.traced import Frame
    from bots.scenario.mistakes import ScenarioMistakes
    from bots.scenario.units import counted

    if (options.protocol is None) == (options.dialect is None):
        raise UsageError("try needs --protocol FILE, or --dialect NAME: what is to be tried")
    at = address.parse(options.server)
    protocol: Description | MakeDialect
    try:
        protocol = by_name(options.dialect).make if options.protocol is None else load(options.protocol)
    except ScenarioMistakes as mistakes:
        print(mistakes, file=sys.stderr)
        return 2

    last: dict[str, tuple[Frame, int]] = {}  # of each bot, and how many the same there were

    def tell_more(name: str) -> None:
        frame, times = last.pop(name, (None, 0))
        if frame is not None and times > _MAX_SAME:
            show(f"{name} {'→' if frame.sent else '←'} the same {counted(times - _MAX_SAME, 'time')} more\n")

    def tell(name: str, frame: Frame) -> None:
        times = last[name][1] + 1 if name in last and last[name][0] == frame else 1
        if times == 1:
            tell_more(name)
        last[name] = frame, times
        if times > _MAX_SAME:
            return
        way = "→" if frame.sent else "←"
        gap = "\n" + " " * 6 if len(frame.content) > _WIDTH else " " * (_WIDTH - len(frame.content) + 2)
        meaning = frame.meaning if frame.understood else coloured(f"fits nothing: {frame.meaning}", good=False)
        show(f"{name} {way} {frame.content}{gap}{meaning}\n")

    tls = protocol.tls if isinstance(protocol, Description) else ""
    with interruptible():
        wrong = try_out(protocol, at, tell, trust(options, "geventchat-bots", tls))
    for name in [*last]:
        tell_more(name)
    for one in wrong:
        show(coloured(f"{one}\n", good=False))
    if not wrong:
        show(coloured("all that was said was heard; the protocol can be used\n", good=True))
    return 1 if wrong else 0
