"""What stands where a message was deleted: words of the program, which nobody said."""

# As WhatsApp, Slack and Zulip write it, for all and for whoever wrote the log, in small letters and without
# the full stop at their end.
_WORDS = frozenset(
    {
        "this message was deleted", "you deleted this message", "you deleted this message as admin",
        "(deleted)",
        "diese nachricht wurde gelöscht", "du hast diese nachricht gelöscht",
        "se eliminó este mensaje", "eliminaste este mensaje", "este mensaje fue eliminado", "este mensaje se eliminó",
        "has eliminado este mensaje",
        "ce message a été supprimé", "vous avez supprimé ce message",
        "mensagem apagada", "esta mensagem foi apagada", "você apagou esta mensagem", "apagou esta mensagem",
        "esta mensagem foi eliminada", "eliminou esta mensagem",
        "questo messaggio è stato eliminato", "hai eliminato questo messaggio",
        "dit bericht is verwijderd", "dit bericht werd verwijderd", "je hebt dit bericht verwijderd",
        "u hebt dit bericht verwijderd", "u heeft dit bericht verwijderd",
        "сообщение удалено", "данное сообщение удалено", "это сообщение удалено", "вы удалили данное сообщение",
        "вы удалили это сообщение", "вы удалили сообщение",
        "це повідомлення видалено", "ви видалили це повідомлення",
        "ta wiadomość została usunięta", "wiadomość została usunięta", "usunięto tę wiadomość",
        "usunąłeś tę wiadomość", "usunęłaś tę wiadomość",
        "tato zpráva byla odstraněna", "tato zpráva byla smazána", "tuto zprávu jste odstranili",
        "odstranili jste tuto zprávu", "táto správa bola odstránená", "odstránili ste túto správu",
        "bu mesaj silindi", "bu mesajı sildiniz",
        "detta meddelande raderades", "detta meddelande har raderats", "meddelandet raderades",
        "du raderade detta meddelande", "du raderade meddelandet",
        "denne besked blev slettet", "du slettede denne besked",
        "denne meldingen ble slettet", "du slettet denne meldingen",
        "tämä viesti poistettiin", "tämä viesti on poistettu", "poistit tämän viestin",
        "ezt az üzenetet törölték", "ez az üzenet törölve lett", "törölted ezt az üzenetet",
        "acest mesaj a fost șters", "ai șters acest mesaj",
        "ova poruka je izbrisana", "izbrisali ste ovu poruku", "ова порука је избрисана",
        "това съобщение беше изтрито", "изтрихте това съобщение",
        "αυτό το μήνυμα διαγράφηκε", "αυτό το μήνυμα έχει διαγραφεί", "διαγράψατε αυτό το μήνυμα",
        "pesan ini telah dihapus", "pesan ini dihapus", "anda menghapus pesan ini", "anda telah menghapus pesan ini",
        "mesej ini telah dipadam", "anda memadam mesej ini",
        "tin nhắn này đã bị xóa", "tin nhắn này đã bị xoá", "bạn đã xóa tin nhắn này", "bạn đã xoá tin nhắn này",
        "تم حذف هذه الرسالة", "حذفت هذه الرسالة", "لقد حذفت هذه الرسالة", "لقد قمت بحذف هذه الرسالة",
        "این پیام حذف شد", "این پیام حذف شده است", "شما این پیام را حذف کردید",
        "הודעה זו נמחקה", "ההודעה הזו נמחקה", "ההודעה נמחקה", "מחקת הודעה זו", "מחקת את ההודעה הזו",
        "यह मैसेज हटा दिया गया", "यह मैसेज हटा दिया गया है", "यह मैसेज हटा दिया गया था", "यह संदेश हटा दिया गया",
        "यह संदेश हटा दिया गया था", "यह मैसेज मिटा दिया गया", "यह संदेश मिटा दिया गया था", "आपने यह मैसेज हटा दिया",
        "आपने यह मैसेज हटाया", "आपने यह मैसेज मिटाया", "आपने यह संदेश हटा दिया",
        "このメッセージは削除されました", "メッセージを削除しました", "このメッセージを削除しました",
        "삭제된 메시지입니다", "이 메시지는 삭제되었습니다", "메시지를 삭제했습니다", "이 메시지를 삭제했습니다",
        "此消息已被删除", "此消息已删除", "该消息已被删除", "你删除了这条消息", "您删除了此消息", "您已删除此消息",
        "你已删除此消息", "此訊息已刪除", "此訊息已被刪除", "這則訊息已刪除", "您已刪除此訊息",
        "你已刪除此訊息", "您已收回此訊息",
    }
)  # fmt: skip
# Where it is told who deleted it, the name stands behind these.
_BY = (
    "this message was deleted by admin ",
    "diese nachricht wurde vom admin ",
    "diese nachricht wurde von admin ",
    "ce message a été supprimé par l’admin",
    "ce message a été supprimé par l'admin",
    "este mensaje fue eliminado por el admin",
    "se eliminó este mensaje por el admin",
    "mensagem apagada pelo admin ",
    "esta mensagem foi apagada pelo admin ",
    "questo messaggio è stato eliminato dall'admin",
    "dit bericht is verwijderd door beheerder ",
)
_BESIDE = " \t\n\u200e\u200f\u202a\u202c\xa0"


def tells_of_deletion(text: str) -> bool:
    """Whether this is no message, but what a program writes in the place of one that was deleted."""
    words = text.strip(_BESIDE).rstrip(".。").lower()
    return words in _WORDS or words.startswith(_BY)
