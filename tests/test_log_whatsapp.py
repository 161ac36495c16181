"""WhatsApp's exports from more countries: who comes and goes, and what nobody says; all words made up."""

import pytest

from bots.transcripts.importer import import_log


def read(log: str) -> tuple[list[str], list[str]]:
    """Return the script that a log becomes, without its times, and what is left out."""
    transcript = import_log(log.encode(), "a.txt")
    script = transcript.text.partition("script:\n")[2]
    lines = [line.strip(" -").partition(", at:")[0] for line in script.splitlines() if " - " in line]
    return lines, [note.partition(" left out;")[0] for note in transcript.notes if "dates are read" not in note]


_BEN = ["Ben: {join", 'Ben: {say: "hi"', "Ben: {leave"]


def of_ben(came: str, went: str) -> str:
    """Return a log in which Ben comes, says something and goes."""
    return f"2024/11/23, 20:00 - {came}\n2024/11/23, 20:01 - Ben: hi\n2024/11/23, 20:02 - {went}\n"


@pytest.mark.parametrize(
    ("came", "went"),
    [
        ("Ann added Ben and 2 others", "Ben left"),
        ("Ann heeft Ben en 2 anderen toegevoegd", "Ann heeft Ben verwijderd"),
        ("Ann hat Ben und 2 weitere hinzugefügt", "Ben hat die Gruppe verlassen"),
        ("Ann agregó a Ben y 2 más", "Ben salió"),
    ],
)
def test_those_who_are_only_counted_are_nobody(came: str, went: str) -> None:
    assert read(of_ben(came, went)) == (_BEN, ["1 unknown event"])


@pytest.mark.parametrize(
    ("came", "went"),
    [
        ("Аня добавил(-а) Ben", "Ben вышел(-ла)"),
        ("Аня добавила Ben", "Аня удалила Ben"),
        ("安奈がBenを追加しました", "Benが退出しました"),
        ("Ben joined from the community", "Ben ayrıldı"),
    ],
)
def test_who_comes_and_goes_is_known_in_more_languages_of_whatsapp(came: str, went: str) -> None:
    assert read(of_ben(came, went)) == (_BEN, [])


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("location: https://maps.google.com/?q=52.5,13.4", "attachment"),
        ("Live-Standort wird geteilt", "attachment"),
        ("Waiting for this message. This may take a while.", "system message"),
        ("UMFRAGE:", "system message"),
    ],
)
def test_what_whatsapp_writes_for_what_is_no_text_nobody_says(words: str, kind: str) -> None:
    log = f"23.11.24, 20:00 - Ann: see https://maps.google.com/?q=1,2 there\n23.11.24, 20:01 - Ben: {words}\n"
    assert read(log) == (['Ann: {say: "see https://maps.google.com/?q=1,2 there"'], [f"1 {kind}"])


def test_a_mark_of_the_other_direction_shows_an_attachment_too() -> None:
    log = "[23.11.24, 20:01:00] Ann: hi\n[23.11.24, 20:01:11] Sara: \u200f<المُرفق: 00000012-PHOTO.jpg>\n"
    assert read(log) == (['Ann: {say: "hi"'], ["1 attachment"])


def test_what_was_copied_from_whatsapp_web_has_the_time_first() -> None:
    log = "[20:01, 11/23/2024] Ben: hi\n[8:02 PM, 11/23/2024] Ann: ho\nmore\n"
    assert read(log) == (['Ben: {say: "hi"', 'Ann: {say: "ho more"'], ["1 line break"])
