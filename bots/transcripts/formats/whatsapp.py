"""WhatsApp's export of a chat, by Android and by iPhones, whose lines differ; times are in any country's form."""

from collections.abc import Mapping, Sequence
from typing import Any

from bots.transcripts import entries
from bots.transcripts.line_format import LineFormat

# Behind the name, in languages that tell of it in words that are known here; in others it is a system message.
_JOINED = (
    "{name} joined using {any} invite link",
    "{name} joined using a group link.",
    "{name} joined from the community",
    "{name} joined",
    "{actor} added {names}",
    "{actor} hat {names} hinzugefügt",
    "{actor} hat {names} hinzugefügt.",
    "{actor} {añadió|agregó} a {names}",
    "{actor} adicionou {names}",
    "{actor} a ajouté {names}",
    "{actor} ha aggiunto {names}",
    "{actor} heeft {names} toegevoegd",
    "{actor} {добавил|добавила|добавил(а)|добавил(-а)} {names}",
    "{actor}が{names}を追加しました",
    "{name} was added",
    "{name} ist {any} beigetreten.",
    "{name} ist {any} beigetreten",
    "{name} wurde hinzugefügt",
    "{name} se unió {any}",
    "{name} a rejoint {any}",
    "{name} entrou usando {any}",
    "{name} è entrato {any}",
    "{name}が参加しました",
)
_LEFT = (
    "{name} left",
    "{name} was removed",
    "{actor} removed {names}",
    "{actor} hat {names} entfernt",
    "{actor} hat {names} entfernt.",
    "{actor} eliminó a {names}",
    "{actor} removeu {names}",
    "{actor} a retiré {names}",
    "{actor} ha rimosso {names}",
    "{actor} heeft {names} verwijderd",
    "{actor} {удалил|удалила|удалил(а)|удалил(-а)} {names}",
    "{actor}が{names}を削除しました",
    "{name} hat die Gruppe verlassen",
    "{name} hat die Gruppe verlassen.",
    "{name} wurde entfernt",
    "{name} salió del grupo",
    "{name} salió",
    "{name} a quitté le groupe",
    "{name} a quitté",
    "{name} saiu",
    "{name} ha abbandonato",
    "{name} heeft de groep verlaten",
    "{name} {вышел|вышла|вышел(а)|вышел(-ла)|покинул группу|покинула группу|покинул(а) группу|покинул(-а) группу}",
    "{name} ayrıldı",
    "{name}が退出しました",
)
# How these tell of whoever wrote the log.
_ONESELF = ("you", "dich", "du", "te", "você", "vous", "tu", "je", "jou", "вас", "вы", "あなた")
_EDITED = (
    "This message was edited",
    "Diese Nachricht wurde bearbeitet",
    "Se editó este mensaje",
    "Ce message a été modifié",
    "Mensagem editada",
    "Questo messaggio è stato modificato",
    "Esta mensagem foi editada",
    "Este mensaje fue editado",
    "Dit bericht is bewerkt",
    "Сообщение изменено",
    "Данное сообщение изменено",
    "Bu mesaj düzenlendi",
)
# A file's name with a word in brackets, or a word in angle brackets and nothing else, or a place on a map.
_ATTACHED = (
    "<{any}>",
    "\u200e<{any}>",
    "{by}: https://maps.google.com/?q={by}",
    "live location shared",
    "Live-Standort wird geteilt",
    "ubicación en tiempo real compartida",
    "localização em tempo real compartilhada",
    *(f"{kind}-{{by}} ({{any}})" for kind in ("IMG", "VID", "PTT", "AUD", "STK", "DOC")),
    "{any} ({file attached|Datei angehängt|archivo adjunto|fichier joint|arquivo anexado|ficheiro anexado|file allegato"
    "|bestand bijgevoegd|файл добавлен|файл додано|dosya ekli|soubor byl přiložen})",
)
# What stands where something was that an iPhone did not export, as `image omitted`: how that ends, or begins.
_OMITTED = "|".join(
    (
        *("omitted", "weggelassen", "weggelaten", "omitida", "omitido", "absente", "absent", "omessa", "omesso"),
        *("ocultada", "ocultado", "revelada", "revelado", "отсутствует", "відсутнє", "dahil edilmedi", "utesluten"),
        *("utelatt", "udeladt", "ikke inkludert", "jätetty pois", "pominięty", "pominięte", "pominięta"),
        *("vynechán", "vynechaný", "vynecháno", "vynechané", "omisă", "omis", "omesa", "izostavljena", "παραλείφθηκε"),
        *("הושמט", "הושמטה", "含まれていません", "생략됨", "已略去", "已省略", "已忽略", "tidak disertakan"),
    )
)
_OMITTED_FIRST = "|".join(("تم استبعاد", "لم يتم إدراج", "đã bỏ qua"))
# On Android: an iPhone marks these as it does all that nobody said.
_UNMARKED = (
    "Waiting for this message{any}",
    "Warten auf diese Nachricht{any}",
    "{POLL|UMFRAGE|ENCUESTA|ENQUETE|SONDAGE|SONDAGGIO|PEILING|ANKET|ОПРОС}:",
    "Missed voice call",
    "Missed video call",
    "Missed group voice call",
    "Missed group video call",
    "Sprachanruf verpasst",
    "Videoanruf verpasst",
    "Verpasster Sprachanruf",
    "Verpasster Videoanruf",
    "Llamada perdida",
    "Videollamada perdida",
    "Appel vocal manqué",
    "Appel vidéo manqué",
    "Chamada de voz perdida",
    "Chamada de vídeo perdida",
    "Chiamata vocale persa",
    "Videochiamata persa",
)


def _described(begin: str, system: str, more: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the forms behind a time, if `begin` stands before a name and its message, and `system` before others."""
    said = f"{begin}{{name}}: "
    edits = "|".join(f"{mark}<{words}{end}>" for words in _EDITED for mark in ("", "\u200e") for end in ("", "."))
    return {
        "said": (
            f"{said}{{text}} {{{edits}}}{{edited}}",
            f"{said}{{text}} \u200e<{{short}}: {{short}}>{{attached}}",
            f"{said}{{text}} \u200e<{{short}}>{{edited}}",
            f"{said}{{text}}",
        ),
        "joined": [system + form for form in _JOINED],
        "left": [system + form for form in _LEFT],
        "left_out": {
            entries.ATTACHMENT: [said + form for form in _ATTACHED],
            **more,
        },
        "continues": True,
        "tells_of_deletions": True,
        "ranks": "",
        "oneself": _ONESELF,
    }


ANDROID = LineFormat(
    name="whatsapp-android",
    title="WhatsApp on Android",
    stamped=r"(\d.*)?",
    **_described(
        "- ",
        "- ",
        {
            entries.SYSTEM: (
                *(f"- {{name}}: {words}" for words in _UNMARKED),
                *(f"- {{actor}} {quote}{{any}}" for quote in '"“„«「'),
                "- {name}「{any}",
                "- {sentence}",
            )
        },
    ),
)
_MARKED = "{any}: \u200e"
IPHONE = LineFormat(
    name="whatsapp-iphone",
    title="WhatsApp on an iPhone",
    # With the time first, it is what was copied from WhatsApp Web.
    stamped=r"(\[\d{1,4}[./-].*\]|\[\d{1,2}:.*, .*\])?",
    **_described(
        "",
        _MARKED,
        {
            entries.ATTACHMENT: (
                f"{{actor}}: {{any}}\u200e{{short}}{{{_OMITTED}}}",
                f"{_MARKED}{{{_OMITTED_FIRST}}} {{short}}",
                "{actor}: \u200f<{short}: {short}>",  # as the mark of direction is in Arabic
            ),
            entries.SYSTEM: (_MARKED + "{told}",),
        },
    ),
)
