"""The file that keeps what was typed."""

from pathlib import Path

import pytest

from geventchat.client.terminal import input_history


def test_half_a_character_that_is_typed_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    input_history.open_history().store_string("h\ud83d i")
    assert list(input_history.open_history().load_history_strings()) == ["h? i"]


def test_of_a_file_that_has_grown_large_the_newer_half_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    typed = input_history.open_history()
    lines = [f"line {number} " + "x" * 1000 for number in range(1200)]
    for line in lines:
        typed.store_string(line)
    kept = list(input_history.open_history().load_history_strings())  # the latest first
    assert 400 < len(kept) < 600
    assert kept == lines[::-1][: len(kept)]


def test_of_several_lines_that_were_entered_at_once_all_are_kept_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    typed = input_history.open_history()
    entered = [f"{number}\n" + "\n".join("x" * 10 for _ in range(400)) for number in range(400)]
    for lines in entered:
        typed.store_string(lines)
    kept = list(input_history.open_history().load_history_strings())
    assert 100 < len(kept) < 200
    assert kept == entered[::-1][: len(kept)]
