"""The formats of logs, each in a file of its own; this is the list of them."""

from bots.transcripts.entries import LogFormat
from bots.transcripts.formats.dircproxy import DIRCPROXY
from bots.transcripts.formats.discord_csv import DISCORD_CSV
from bots.transcripts.formats.discord_json import DISCORD_JSON
from bots.transcripts.formats.discord_text import DISCORD_TEXT
from bots.transcripts.formats.eggdrop import EGGDROP
from bots.transcripts.formats.element import ELEMENT
from bots.transcripts.formats.energymech import ENERGYMECH
from bots.transcripts.formats.export_json import EXPORT_JSON
from bots.transcripts.formats.export_text import EXPORT_TEXT
from bots.transcripts.formats.generic import GENERIC
from bots.transcripts.formats.hexchat import HEXCHAT
from bots.transcripts.formats.irccloud import IRCCLOUD
from bots.transcripts.formats.ircii import IRCII
from bots.transcripts.formats.irssi import IRSSI
from bots.transcripts.formats.konversation import KONVERSATION
from bots.transcripts.formats.kvirc import KVIRC
from bots.transcripts.formats.limnoria import LIMNORIA
from bots.transcripts.formats.mirc import MIRC, MIRC5
from bots.transcripts.formats.overrustle import OVERRUSTLE
from bots.transcripts.formats.pidgin import PIDGIN
from bots.transcripts.formats.quassel import QUASSEL
from bots.transcripts.formats.slack import SLACK
from bots.transcripts.formats.telegram import TELEGRAM
from bots.transcripts.formats.textual import TEXTUAL
from bots.transcripts.formats.thelounge import THELOUNGE
from bots.transcripts.formats.weechat import WEECHAT
from bots.transcripts.formats.whatsapp import ANDROID, IPHONE
from bots.transcripts.formats.znc import ZNC
from bots.transcripts.formats.zulip import ZULIP
from geventchat.protocol.errors import UsageError

# Of formats that read a log alike, the first is taken.
FORMATS: tuple[LogFormat, ...] = (
    GENERIC,
    IRSSI,
    WEECHAT,
    MIRC,
    HEXCHAT,
    ZNC,
    LIMNORIA,
    EGGDROP,
    ENERGYMECH,
    MIRC5,
    TEXTUAL,
    THELOUNGE,
    KVIRC,
    QUASSEL,
    KONVERSATION,
    IRCII,
    IRCCLOUD,
    DIRCPROXY,
    PIDGIN,
    ELEMENT,
    OVERRUSTLE,
    ANDROID,
    IPHONE,
    TELEGRAM,
    SLACK,
    DISCORD_JSON,
    DISCORD_CSV,
    DISCORD_TEXT,
    ZULIP,
    EXPORT_JSON,
    EXPORT_TEXT,
)


def named(name: str) -> LogFormat:
    """Return the format of that name. Raises UsageError, with all names, if there is none."""
    for one in FORMATS:
        if one.name == name:
            return one
    raise UsageError(f"there is no format {name}; there are {', '.join(one.name for one in FORMATS)}")
