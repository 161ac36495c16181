"""WeeChat: time, prefix and text with tabs between them; since 4.8 times have six digits of a second and a Z."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

WEECHAT = LineFormat(
    name="weechat",
    title="WeeChat",
    said=("\t<{who}>\t{text}", "\t{who}\t{text}"),
    acted=("\t *\t{nick} {text}", "\t*\t{nick} {text}"),
    joined=("\t{sign}\t{nick} {host} has joined {room}", "\t{sign}\t{nick} has joined {room}"),
    left=(
        "\t{sign}\t{nick} {host} has left {room} ({reason})",
        "\t{sign}\t{nick} has left {room} ({reason})",
        "\t{sign}\t{nick} {host} has quit ({reason})",
        "\t{sign}\t{nick} has quit ({reason})",
        "\t{sign}\t{by} has kicked {nick} ({reason})",
    ),
    renamed=("\t{sign}\t{nick} is now known as {new}",),
    left_out={
        entries.MODE: ("\t{sign}\tMode {any}", "\t{sign}\tUser mode {any}"),
        entries.TOPIC: (
            "\t{sign}\tTopic {any}",
            "\t{sign}\t{by} has changed topic {any}",
            "\t{sign}\t{by} has set topic {any}",
            "\t{sign}\t{by} has unset topic {any}",
        ),
        entries.NOTICE: ("\t{sign}\tNotice({any}", "\t{sign}\tNotice {any}"),
        entries.PRIVATE: ("\t{sign}\tMSG({any}", "\t{sign}\tCTCP {any}"),
        entries.NICK_LIST: ("\t{sign}\tNicks {any}", "\t{sign}\tChannel {room}: {any}"),
        entries.OWN_RENAME: ("\t{sign}\tYou are now known as {any}",),
        entries.SERVER: (
            "\t=!=\t{any}",
            "\t\t{any}",
            "\t***\t{any}",
            "\t****\t{any}",
            "\t{sign}\tChannel created {any}",
        ),
        entries.UNKNOWN_EVENT: ("\t{sign}\t{any}",),
    },
)
