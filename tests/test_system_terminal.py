"""What comes from the keyboard: single keys, and pastes that no terminal has marked."""

import os
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

import pytest
from prompt_toolkit.input import Input
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

from geventchat.system import terminal


def pressed(text: str) -> list[KeyPress]:
    keys: list[KeyPress] = []
    Vt100Parser(keys.append).feed(text)
    return keys


@pytest.mark.parametrize("text", ["one\rtwo", "one\rtwo\r", "\rone", "\tif x:\n\t\ty\n", "он\r пишет 你好\r", "y\r\rx"])
def test_text_that_goes_on_after_an_enter_is_a_paste(text: str) -> None:
    assert terminal.is_paste(pressed(text))
    assert terminal.pasted(pressed(text)) == text.replace("\r", "\n")


def test_a_paste_with_escape_sequences_in_it_is_one_too() -> None:
    keys = pressed("one\r\x1b[A\x1b[31m two\x04\r")
    assert terminal.is_paste(keys)
    assert terminal.pasted(keys).startswith("one\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "hello\r",
        "\r",
        "\r\r\r",
        "/wh\t\r",
        "hi\r\x04",
        "\x1b[A\r",
        "hi\r\x1b[A",
        "\x15/x\r",
        "x\r\x1b[A\r",
    ],
)
def test_what_can_be_typed_is_none(text: str) -> None:
    assert not terminal.is_paste(pressed(text))


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Input, Callable[[bytes], object]]]:
    """Yield a keyboard and what types on it."""
    master, slave = os.openpty()
    stream: TextIO = open(slave, encoding="utf-8")  # noqa: SIM115 - it is closed below
    monkeypatch.setattr(sys, "stdin", stream)
    keys = terminal.keyboard()
    with keys.raw_mode():
        yield keys, lambda data: os.write(master, data)
    stream.close()
    os.close(master)


def test_a_paste_is_one_key_however_its_bytes_come(keyboard: tuple[Input, Callable[[bytes], object]]) -> None:
    keys, write = keyboard
    text = b"x" * 1023 + b"\r" + b"y" * 1023 + b"\r" + b"z\r"  # the first read ends with an Enter
    write(text)
    (paste,) = keys.read_keys()
    assert paste.key == Keys.BracketedPaste
    assert paste.data == text.decode().replace("\r", "\n")
    assert keys.read_keys() == []


def test_keys_that_are_typed_come_as_they_are(keyboard: tuple[Input, Callable[[bytes], object]]) -> None:
    keys, write = keyboard
    write("hä\r".encode())
    assert [key.key for key in keys.read_keys()] == ["h", "ä", Keys.ControlM]


@pytest.mark.parametrize(("kind", "can_draw"), [("xterm-256color", True), ("dumb", False), ("", False)])
def test_a_terminal_of_which_nobody_says_the_kind_gets_lines(
    monkeypatch: pytest.MonkeyPatch, kind: str, can_draw: bool
) -> None:
    monkeypatch.setenv("TERM", kind)
    assert terminal.can_draw() is can_draw
