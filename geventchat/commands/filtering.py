"""Where `--filter` is applied: to every text and every name that others will see, whatever the command."""

from geventchat.commands import commands, moderate_rooms
from geventchat.commands.table import INFO
from geventchat.core.chat import Chat
from geventchat.core.member import Member
from geventchat.core.moderation.word_filter import NOTHING_FILTERED
from geventchat.protocol.errors import Refused


def check(chat: Chat, member: Member, command: commands.AnyCommand, now: float) -> None:
    """Mask what is to be masked in a command. Raises Refused for what is not wanted, or is held for moderators.

    What is held counts in a slow room as said: moderators are not flooded either.
    """
    filtered = chat.moderation.filter
    if filtered is NOTHING_FILTERED:
        return
    for field in INFO[type(command)].names:
        filtered.check_name(getattr(command, field), field)
    for field in commands.SEEN:
        text = getattr(command, field, None)
        if not text:
            continue
        checked = filtered.check(text)
        setattr(command, field, checked.text)
        if checked.held:
            if isinstance(command, commands.Say | commands.Act):
                room = chat.rooms.of(member, command.room)
                chat.moderation.check_slow(member, room.key, now)
                moderate_rooms.hold(chat, member, room, checked.text, action=isinstance(command, commands.Act))
                raise Refused("held", "a moderator has to see that first")
            raise Refused("filtered", "that is not wanted here, and was not sent")
