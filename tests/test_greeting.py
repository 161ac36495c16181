"""What a server prints when it is ready."""

import pytest

from geventchat.server import greeting as module
from geventchat.server.access import Access
from geventchat.server.greeting import greeting


@pytest.fixture(autouse=True)
def one_network(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = {4: ["192.0.2.7"], 6: ["2001:db8::7"]}
    monkeypatch.setattr(module, "own_addresses", addresses.__getitem__)


def pages(said: str) -> list[str]:
    return [line.split()[-1] for line in said.splitlines() if "a browser:" in line]


@pytest.mark.parametrize(
    ("listening", "shown"),
    [
        (("127.0.0.1", 2003), ["http://127.0.0.1:2003/"]),
        (("0.0.0.0", 2003), ["http://127.0.0.1:2003/", "http://192.0.2.7:2003/"]),
        (("::", 2003), ["http://[::1]:2003/", "http://[2001:db8::7]:2003/"]),
        (("192.0.2.9", 80), ["http://192.0.2.9:80/"]),
    ],
)
def test_the_page_s_address_is_told_for_every_address_that_leads_here(
    listening: tuple[str, int], shown: list[str]
) -> None:
    assert pages(greeting([listening], Access(), has_terminal=False)) == shown


def test_each_address_that_is_listened_on_is_told() -> None:
    said = greeting([("127.0.0.1", 1), ("::1", 2)], Access(), has_terminal=False)
    assert "serves on 127.0.0.1:1;" in said
    assert "serves on [::1]:2;" in said


def test_who_has_a_client_of_irc_is_told_what_it_needs() -> None:
    said = greeting([("::", 2003)], Access(), has_terminal=False).splitlines()
    assert "  a client of IRC: server ::1, port 2003, channel #lobby" in said


def test_a_qr_code_of_the_page_is_drawn_on_a_terminal_if_others_can_reach_it() -> None:
    drawn = greeting([("0.0.0.0", 2003)], Access(), has_terminal=True)
    assert "▀" in drawn
    assert drawn.endswith("http://192.0.2.7:2003/")
    assert "▀" not in greeting([("0.0.0.0", 2003)], Access(), has_terminal=False)
    assert "▀" not in greeting([("127.0.0.1", 2003)], Access(), has_terminal=True)
