"""WeeChat: time, prefix and text with tabs between them; since 4.8 times have six digits of a second and a Z."""

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

WEECHAT = LineFormat(
    name="weechat",
    title="WeeChat",
    said=("\t<{who}>\t{text}", "\t{who}\t{text}"),
    acted=("\t *\t{nick} {text}", "\t*\t{nick} {text}"),
    joined=("\t-->\t{nick} {host} has joined {room}", "\t-->\t{nick} has joined {room}"),
    left=(
        "\t<--\t{nick} {host} has left {room} ({reason})",
        "\t<--\t{nick} has left {room} ({reason})",
        "\t<--\t{nick} {host} has quit ({reason})",
        "\t<--\t{nick} has quit ({reason})",
        "\t<--\t{by} has kicked {nick} ({reason})",
    ),
    renamed=("\t--\t{nick} is now known as {new}",),
    left_out={
        entries.MODE: ("\t--\tMode {any}", "\t--\tUser mode {any}"),
        entries.TOPIC: (
            "\t--\tTopic {any}",
            "\t--\t{by} has changed topic {any}",
            "\t--\t{by} has set topic {any}",
            "\t--\t{by} has unset topic {any}",
        ),
        entries.NOTICE: ("\t--\tNotice({any}", "\t--\tNotice {any}"),
        entries.PRIVATE: ("\t--\tMSG({any}", "\t--\tCTCP {any}"),
        entries.NICK_LIST: ("\t--\tNicks {any}", "\t--\tChannel {room}: {any}"),
        entries.OWN_RENAME: ("\t--\tYou are now known as {any}",),
        entries.SERVER: ("\t=!=\t{any}", "\t\t{any}", "\t***\t{any}", "\t****\t{any}", "\t--\tChannel created {any}"),
        entries.UNKNOWN_EVENT: ("\t--\t{any}", "\t-->\t{any}", "\t<--\t{any}"),
    },
)
