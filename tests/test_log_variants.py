"""Logs as other versions of programs, and other countries, write them; all words made up."""

import json
from textwrap import dedent

import pytest

from bots.transcripts.importer import import_log
from geventchat.protocol.errors import UsageError


def lines(log: str) -> list[str]:
    """Return the script that a log becomes, without its times."""
    script = import_log(dedent(log).encode(), "a.log").text.partition("script:\n")[2]
    return [line.strip(" -").partition(", at:")[0] for line in script.splitlines() if " - " in line]


def notes(log: str) -> list[str]:
    return [note.partition(" left out")[0] for note in import_log(dedent(log).encode(), "a.log").notes]


@pytest.mark.parametrize(
    ("came", "went"),
    [
        ("Ann added Ben", "Ann removed Ben"),
        ("Ann hat Ben hinzugefügt", "Ann hat Ben entfernt."),
        ("Ann añadió a Ben", "Ann eliminó a Ben"),
        ("Ann adicionou Ben", "Ann removeu Ben"),
        ("Ann a ajouté Ben", "Ann a retiré Ben"),
        ("Ann ha aggiunto Ben", "Ann ha rimosso Ben"),
    ],
)
def test_who_is_added_and_removed_comes_and_goes_in_several_languages(came: str, went: str) -> None:
    log = f"""\
        23/11/24, 20:00 - {came}
        23/11/24, 20:01 - Ben: one: two
        23/11/24, 20:02 - {went}
        23/11/24, 20:03 - Ann: three
        """
    assert lines(log) == ["Ben: {join", 'Ben: {say: "one: two"', "Ben: {leave", 'Ann: {say: "three"']


def test_several_who_are_added_come_one_by_one_and_nobody_is_called_you() -> None:
    log = """\
        23/11/24, 20:00 - Ann added you
        23/11/24, 20:01 - Ann added Ben, Cid and Dora
        23/11/24, 20:02 - Dora: hello
        23/11/24, 20:03 - You left
        """
    assert lines(log) == ["Ben: {join", "Cid: {join", "Dora: {join", 'Dora: {say: "hello"']
    assert notes(log) == ["2 system messages"]


def test_a_long_sentence_of_the_program_s_is_a_system_message() -> None:
    log = f"""\
        23.11.24, 20:00 - {"Alles hier ist verschlüsselt, und niemand liest mit. " * 5}
        23.11.24, 20:01 - Ann: hallo
        23.11.24, 20:02 - Ben: hallo
        """
    assert notes(log) == ["1 system message"]


def test_polls_and_edits_hinder_no_export() -> None:
    telegram = {
        "id": 1,
        "name": "tea",
        "messages": [
            {"type": "message", "date": "2024-11-23T20:00:00", "from": "Ann", "from_id": "user1", "text": "one"},
            {"type": "message", "date": "2024-11-23T20:00:01", "from": "Ann", "text": "", "poll": {"question": "?"}},
            {
                "type": "message",
                "date": "2024-11-23T20:00:02",
                "from": "Ann",
                "text": "",
                "location_information": {"latitude": 1},
            },
        ],
    }
    assert lines(json.dumps(telegram)) == ['Ann: {say: "one"']
    assert notes(json.dumps(telegram)) == ["2 attachments"]
    slack = [
        {"type": "message", "user": "U1", "text": "one", "ts": "1732392060.1", "edited": {"user": "U1", "ts": "1"}},
        {"type": "message", "subtype": "bot_message", "bot_id": "B1", "bot_profile": {"name": "bee"}, "text": "two"}
        | {"ts": "1732392061.1"},
    ]
    assert lines(json.dumps(slack)) == ['U1: {say: "one"', 'bee: {say: "two"']
    assert notes(json.dumps(slack)) == ["1 edit"]


def test_json_that_holds_html_beside_its_text_is_no_html() -> None:
    sent = {"sender": 1, "date_sent": 1732392060, "content": "**one**", "rendered_content": "<p><b>one</b></p>"}
    export = {"zerver_message": [sent], "zerver_userprofile": [{"id": 1, "full_name": "Ann"}]}
    assert lines(json.dumps(export)) == ['Ann: {say: "**one**"']


def test_messages_that_are_html_themselves_are_refused_with_what_to_ask_for() -> None:
    answer = {"sender_id": 1, "sender_full_name": "Ann", "timestamp": 1732392060, "content_type": "text/html"}
    with pytest.raises(UsageError, match="ask the API with apply_markdown=false"):
        import_log(json.dumps({"messages": [answer | {"content": "<p>one</p>"}]}).encode(), "a.json")


def test_a_date_with_a_month_s_name_and_two_digits_of_the_year_is_read() -> None:
    log = """\
        AuthorID,Author,Date,Content,Attachments,Reactions
        "1","ann","03-Sep-19 09:59 PM","one","",""
        "2","ben","04-Sep-19 09:59 PM","two","",""
        """
    assert 'ben: {say: "two", at: 24h}' in import_log(dedent(log).encode(), "a.csv").text


@pytest.mark.parametrize(
    "words", ["Dit bericht is bewerkt", "Esta mensagem foi editada", "Данное сообщение изменено", "Bu mesaj düzenlendi"]
)
def test_an_edit_is_told_and_not_said_in_several_languages(words: str) -> None:
    log = f"23/11/24, 20:01 - Ben: yes <{words}>\n23/11/24, 20:02 - Ann: no <not edited>\n"
    assert lines(log) == ['Ben: {say: "yes"', 'Ann: {say: "no <not edited>"']
    assert notes(log) == ["1 edit"]


def test_on_an_iphone_a_mark_shows_an_edit_in_any_language() -> None:
    log = "[23.11.24, 20:01:00] Ben: hei \u200e<Viestiä muokattiin>\n[23.11.24, 20:01:09] Ann: ei <sitä>\n"
    assert lines(log) == ['Ben: {say: "hei"', 'Ann: {say: "ei <sitä>"']
    assert notes(log) == ["1 edit"]


def test_the_words_below_an_attachment_are_said() -> None:
    log = """\
        23.11.24, 20:01 - Ann: hallo
        23.11.24, 20:05 - Ben: IMG-20241123-WA0001.jpg (Datei angehängt)
        schau mal
        und hier
        23.11.24, 20:06 - Ben: <Medien ausgeschlossen>
        23.11.24, 20:07 - Ben: Diese Nachricht wurde gelöscht.
        23.11.24, 20:08 - Ann: schön
        """
    assert lines(log) == ['Ann: {say: "hallo"', 'Ben: {say: "schau mal und hier"', 'Ann: {say: "schön"']
    assert notes(log) == ["2 attachments", "1 line break", "1 deleted message"]


def test_the_words_before_an_attachment_of_an_iphone_s_are_said() -> None:
    log = """\
        [23.11.24, 20:01:00] Ann: hallo
        \u200e[23.11.24, 20:01:11] Ben: schau \u200e<Anhang: 00000012-PHOTO-2024-11-23.jpg>
        [23.11.24, 20:01:12] Ben: plan.pdf • \u200e57 pages \u200edocument omitted
        """
    assert lines(log) == ['Ann: {say: "hallo"', 'Ben: {say: "schau"']
    assert notes(log) == ["2 attachments"]


@pytest.mark.parametrize(
    "words",
    [
        *("image omitted", "Contact card omitted", "Bild weggelassen", "afbeelding weggelaten", "imagen omitida"),
        *("image absente", "immagine omessa", "imagem ocultada", "изображение отсутствует", "görüntü dahil edilmedi"),
        *("kuva jätetty pois", "התמונה הושמטה", "画像は含まれていません", "이미지 생략됨", "obraz pominięty"),
        "تم استبعاد الصورة",
    ],
)
def test_what_an_iphone_leaves_out_is_an_attachment_in_many_languages(words: str) -> None:
    log = f"[23.11.24, 20:01:00] Ann: hi\n\u200e[23.11.24, 20:01:11] Ben: \u200e{words}\n"
    assert lines(log) == ['Ann: {say: "hi"']
    assert notes(log) == ["1 attachment"]


def test_events_are_known_behind_any_sign_in_weechat() -> None:
    log = """\
        2024-11-23 20:00:05\t▬▬▶\tben (~b@host.example) has joined #tea
        2024-11-23 20:01:00\tben\tgood evening
        2024-11-23 20:01:15\t[]\tthese are my name
        2024-11-23 20:01:20\t *\tben waves
        2024-11-23 20:01:30\t⚡\tben waves
        2024-11-23 20:02:00\t\u2139\tben is now known as benny
        2024-11-23 20:02:10\t⚠\tdisconnected from host.example
        2024-11-23 20:05:00\t◀▬▬\tbenny (~b@host.example) has quit (bed)
        """
    assert lines(log) == [
        *("ben: {join", 'ben: {say: "good evening"', '"[]": {say: "these are my name"', 'ben: {act: "waves"'),
        *('ben: {rename: "benny"', 'ben: {leave: "bed"'),
    ]
    assert notes(log) == ["2 unknown events"]


def test_each_line_below_what_is_left_out_is_left_out_with_it() -> None:
    log = """\
        [23.11.24, 20:01:00] Ann: hi
        [23.11.24, 20:01:32] Ben: \u200ePOLL:
        go?
        \u200eOPTION: yes (1 vote)
        \u200eOPTION: no (1 vote)
        """
    assert lines(log) == ['Ann: {say: "hi"']
    assert notes(log) == ["4 system messages"]


def test_a_line_below_a_date_is_not_lost_in_silence() -> None:
    log = "Conversation with #tea at Sat 23 Nov 2024 on ann@irc.example (irc)\nwhat is this\n(20:01:00) ben: hi\n" * 2
    assert notes(log) == ["2 unknown lines"]


def test_the_words_before_an_attachment_may_have_a_colon() -> None:
    log = "[23.11.24, 20:01:30] Ben: look: \u200e<attached: 00000012-PHOTO.jpg>\n[23.11.24, 20:02:00] Ann: yes\n"
    assert lines(log) == ['Ben: {say: "look:"', 'Ann: {say: "yes"']
    assert notes(log) == ["1 attachment"]


def test_the_topic_is_nobody_s_action_in_irccloud() -> None:
    log = "[2024-11-23 20:01:00] <ben> hi\n[2024-11-23 20:01:20] — ben waves\n"
    log += "[2024-11-23 20:05:10] — ben set the topic: x\n"
    assert lines(log) == ['ben: {say: "hi"', 'ben: {act: "waves"']
    assert notes(log) == ["1 topic"]


def test_a_room_s_name_hides_no_date_in_pidgin() -> None:
    log = """\
        Conversation with #c-11 at Sat 23 Nov 2024 11:58:00 PM GMT on ann@irc.example (irc)
        (11:58:00 PM) ben: late
        (11/24/2024 12:00:00 AM) ann: early
        """
    assert import_log(dedent(log).encode(), "a.log").title.startswith("a.log: 2 lines under 2 nicks in 2m,")


def test_long_lines_of_marks_are_read_at_once() -> None:
    """Read in time that grows with its square, each takes seconds, and the time limit of all tests ends the run."""
    signs = ("\u200e", " \u200e<a: b")
    marks = "".join(f"[23.11.24, 20:01:00] Ben: {sign * (60_000 // len(sign))}\n" for sign in signs) * 10
    title = import_log(f"{marks}[23.11.24, 20:02:00] Ann: yes\n".encode(), "a.txt").title
    assert title.startswith("a.txt: 11 lines under 2 nicks")


def test_what_discord_embeds_is_one_thing_however_many_lines_it_has() -> None:
    log = """\
        ==============================================================
        Guild: G
        Channel: text / tea
        ==============================================================

        [11/23/2024 8:01 PM] ben
        look
        {Embed}
        A title
        and some words

        {Attachments}
        https://files.example/1.png
        https://files.example/2.png

        """
    assert lines(log) == ['ben: {say: "look"']
    assert notes(log) == ["3 attachments"]


def test_slack_s_groups_have_one_at() -> None:
    said = {"type": "message", "user": "U1", "ts": "1732392006.0", "text": "<!subteam^S1|@team> <!here> <!here|here>"}
    assert lines(json.dumps([said, said])) == ['U1: {say: "@team @here @here"'] * 2


def test_actions_count_where_any_event_is_understood() -> None:
    log = """\
        [20:00] <ann> hi
        [20:01]  * ben waves
        [20:02]  * ann waves (to ben)
        === ann is now known as annie
        === ..[topic/#tea:annie] : kettle on
        """
    assert lines(log) == ['ann: {say: "hi"', 'ann: {act: "waves (to ben)"', 'ann: {rename: "annie"']
    assert notes(log) == ["1 unknown event", "1 topic"]


@pytest.mark.parametrize("words", ["file attached", "fichier joint", "dosya ekli", "soubor byl přiložen"])
def test_an_attached_file_is_an_attachment_in_several_languages(words: str) -> None:
    log = f"23/11/24, 20:01 - Ben: plan.pdf ({words})\n23/11/24, 20:02 - Ann: plan.pdf (I lost it)\n"
    assert lines(log) == ['Ann: {say: "plan.pdf (I lost it)"']
    assert notes(log) == ["1 attachment"]
