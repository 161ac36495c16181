"""What kind of text a file is, or why it is none."""

import pytest

from bots.transcripts.importer import import_log
from bots.transcripts.log_text import MAX_BYTES, MAX_LINE_CHARS, read_text
from geventchat.protocol.errors import UsageError

LOG = "[20:01] <ben> café crème\r\n[20:02] <ann> für später\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_read_in_the_encoding_that_it_shows(encoding: str) -> None:
    log = read_text(LOG.encode(encoding), "a.log")
    assert log.lines == ["[20:01] <ben> café crème", "[20:02] <ann> für später", ""]
    assert log.notes == []


def test_a_line_that_is_not_utf8_is_cp1252_and_that_is_told() -> None:
    source = "[20:00] <ben> naïve ☕\n".encode() + "[20:01] <ann> café … £5\n".encode("cp1252")
    log = read_text(source, "a.log")
    assert log.lines[:2] == ["[20:00] <ben> naïve ☕", "[20:01] <ann> café … £5"]
    assert log.notes == ["1 line is not UTF-8 and read as cp1252; the first is line 2"]


def test_the_format_is_found_by_lines_of_the_whole_log() -> None:
    sample = read_text("".join(f"line {number}\n" for number in range(10_000)).encode(), "a.log").sample
    assert sample[:300:50] == ["line 0", "line 50", "line 100", "line 150", "line 200", sample[250]]
    assert 1_000 < len(sample) < 1_300
    assert int(sample[-1].split()[1]) > 9_900


def test_codes_for_colours_are_left_out_and_counted() -> None:
    log = read_text(b"\x0303,01[20:01] <ben> \x02bold\x0f \x1b[31mred\x1b[0m 3\n", "a.log")
    assert log.lines[0] == "[20:01] <ben> bold red 3"
    assert log.notes == ["5 codes for colours and the like left out"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b'<?xml version="1.0"?>\n<chat/>', "a is XML, which is not read"),
        (b"  <!DOCTYPE html>\n<p>", "a is HTML, which is not read"),
        (b"(20:01:00) <b>ben:</b> hi<br/>\n(20:01:10) <b>ann:</b> hi<br/>\n", "a is HTML, which is not read"),
        (b"<font color='red'>(20:01) <b>ben:</b></font> hi\n", "a is HTML, which is not read"),
        (b"PK\x03\x04rest", "a is a ZIP archive: unpack it"),
        (b"7z\xbc\xaf\x27\x1crest", "a is an archive of 7-Zip: unpack it"),
        (b"Rar!\x1a\x07rest", "a is an archive of RAR: unpack it"),
        (b"a.log".ljust(257, b"\0") + b"ustar", "a is a tar archive: unpack it"),
        (b"\x28\xb5\x2f\xfdrest", "a is compressed: unpack it with unzstd"),
        (b"\x1f\x8brest", "a is compressed: unpack it with gunzip"),
        (b"abc\0", "a is no text: byte 3 is a zero; UTF-16 needs its byte order mark"),
        (b"@a=b;c=d :ben!b@host PRIVMSG #tea :hi\n", "a is lines of the IRC protocol itself"),
        (b"a" * (MAX_BYTES + 1), "a has more than the 64 MiB that can be imported"),
        (b"", "a: this is no log in a form that is known"),
        (b'{"messages": 1}', "a: this is JSON, but not as a chat that is known exports it"),
        (b'{"name": "Tea", "messages": [', "nor JSON"),
        (b"[20:01] what is this", "a: this is no log in a form that is known; see"),
    ],
)
def test_what_is_no_log_is_refused_by_its_name(source: bytes, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        import_log(source, "a")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_html_that_is_talked_about_is_no_markup() -> None:
    log = "[20:01] <ben> use <b>bold</b>\n" + "[20:02] <ann> why?\n" * 5
    assert "use <b>bold</b>" in import_log(log.encode(), "a.log").text


def test_an_overlong_line_is_left_out_and_counted() -> None:
    log = "[20:01] <ben> hi\n[20:01] <ann> " + "x" * MAX_LINE_CHARS + "\n"
    transcript = import_log(log.encode(), "a.log")
    assert "xxx" not in transcript.text
    assert "1 overlong line left out; the first is line 2" in transcript.notes


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_lines_may_end_as_on_any_system(end: str, encoding: str) -> None:
    log = end.join(("[20:01] <ben> café", "", "[20:02] <ann> crème", "")).encode(encoding)
    assert read_text(log, "a.log").lines == ["[20:01] <ben> café", "", "[20:02] <ann> crème", ""]


def test_who_talks_of_nothing_but_html_writes_none() -> None:
    log = "[20:01] <ben> use <b>bold</b>\n[20:02] <@ann> <i>why</i>?\n< cat> </p>\n"
    assert import_log(log.encode(), "a.log").text.count("say: ") == 3
