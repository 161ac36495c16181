"""An IRC log, turned into a scenario that replays it."""

from bots.scenario.units import counted, show_duration
from bots.transcripts.irc_log import read_log
from bots.transcripts.writer import Transcript, nicks_of, transcribe
from geventchat.protocol.errors import UsageError

_SHOWN = 60  # characters of a line that was passed over


def import_log(source: bytes, file: str) -> Transcript:
    """Return the scenario that a log, called `file`, becomes. Raises UsageError when nothing in it can be read."""
    log = read_log(source)
    if not log.moments:
        raise UsageError(f"{file}: nobody says anything here that I can read; a log has lines like [12:34] <nick> text")
    nicks = {nick for _, event in log.moments for nick in nicks_of(event)}
    lasted = show_duration(round(log.moments[-1][0]))
    title = f"{file}: {counted(len(log.moments), 'line')} under {counted(len(nicks), 'nick')} in {lasted}"
    transcript = transcribe(log.moments, title)
    if not log.passed_over:
        return transcript
    first = log.passed_over[0]
    passed = f"{counted(len(log.passed_over), 'line')} left out, as nobody speaks, comes or goes; the first is line "
    note = f"{passed}{first.number}: {first.text[:_SHOWN]!r}"
    return Transcript(transcript.text, (*transcript.notes, note))
