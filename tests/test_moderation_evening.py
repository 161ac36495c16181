"""A moderator's evening: with irssi, by its own commands, and on the page in Chromium, with a teacher's link."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.browser import Page, chromium, complaints
from tests.ports import free_port
from tests.processes import Serving, run, serving
from tests.raw import Raw, plain, programmed
from tests.terminal_fixtures import Terminal
from tests.test_irc_clients import irssi, serving_on

pytestmark = pytest.mark.slow


def test_an_evening_in_irssi(tmp_path: Path) -> None:
    port, history = free_port(), tmp_path / "history.sqlite"
    _make_account(tmp_path, history, "mod", "--role", "moderator")
    with ExitStack() as opened, irssi(tmp_path / "irssi", port, "boss") as screen:
        server = opened.enter_context(serving_on(port, history))
        eve = opened.enter_context(programmed(server.address, "eve")[0])
        bob = opened.enter_context(programmed(server.address, "bob")[0])
        nc = opened.enter_context(plain(server.address, "nc"))
        _come_in(screen)
        eve.send(b'{"type":"say","text":"something nasty"}\n')
        screen.until("< eve> something nasty")
        screen.type("/quote DELETE #lobby eve not here\r")
        screen.until("boss deleted what eve said")
        assert eve.messages_until("deleted")[-1]["reason"] == "not here"
        screen.type("/quote MUTE eve 10m shouting\r")
        screen.until("[+q eve!*@*] by boss")
        assert eve.messages_until("muted")[-1]["who"] == "eve"
        screen.type("/kick bob spam\r")
        screen.until("bob was kicked from #lobby by boss [spam]")
        assert bob.messages_until("kicked")[-1]["reason"] == "spam"
        screen.type("/ban eve\r")
        screen.until("[+b eve!*@*] by boss")
        screen.until("eve was kicked from #lobby by boss")
        eve.send(b'{"type":"join","room":"lobby"}\n')
        assert eve.messages_until("error")[-1]["code"] == "banned"
        screen.type("/mode +m\r")
        screen.until("[+m] by boss")
        nc.until(b"* boss muted everyone\n")
        nc.send(b"may I?\n")
        nc.until(b"* you are muted")
        screen.type("/mode -m\r")
        nc.until(b"* boss lets everyone speak again\n")
        nc.send(b"thanks\n")
        screen.until("< nc> thanks")
        screen.type("/mode +i\r")
        screen.until("[+i-k *] by boss")  # no key any more, if there was one
        bob.send(b'{"type":"join","room":"lobby"}\n')
        assert bob.messages_until("error")[-1]["code"] == "locked"
        screen.type("/invite bob\r")
        assert bob.messages_until("invited")[-1]["room"] == "lobby"
        bob.send(b'{"type":"join","room":"lobby"}\n')
        assert bob.messages_until("members")[-1]["count"] == 3
        screen.type("/wallops soon over\r")
        nc.until(b"* boss announces: soon over\n")
        screen.type("/join #@log\r")
        screen.until("#@log")
        screen.type("/quote BAN bob 1h enough\r")
        screen.until("boss banned bob until")
        assert bob.messages_until("closing")[-1]["code"] == "banned"


def test_who_has_a_room_moderates_it_in_irssi_and_no_other(tmp_path: Path) -> None:
    port, history = free_port(), tmp_path / "history.sqlite"
    _make_account(tmp_path, history, "ann")
    with ExitStack() as opened, irssi(tmp_path / "irssi", port, "boss") as screen:
        server = opened.enter_context(serving_on(port, history))
        bob = opened.enter_context(programmed(server.address, "bob")[0])
        eve = opened.enter_context(programmed(server.address, "eve")[0])
        screen.type("/connect g\r")
        screen.until("There is no message of the day")
        screen.type("/oper ann opensesame\r")
        screen.until("you are logged in to ann")
        screen.type("/join #lobby\r")
        screen.until("Total of 3 nicks")
        screen.type("/mode +m\r")
        screen.until("#lobby that is for moderators only, and for who has the room")
        screen.type("/join #den\r")
        screen.until("[@boss]")
        for raw in (bob, eve):
            raw.send(b'{"type":"leave","room":"lobby"}\n{"type":"join","room":"den"}\n')
            assert raw.messages_until("members")[-1]["moderators"] == ["boss"]

        screen.type("/mode +q bob\r")
        screen.until("[+q bob!*@*] by boss")
        bob.send(b'{"type":"say","text":"hm"}\n')
        assert bob.messages_until("error")[-1]["code"] == "muted"
        screen.type("/mode -q bob\r")
        screen.until("[-q bob!*@*] by boss")
        bob.send(b'{"type":"say","text":"nasty"}\n')
        screen.until("< bob> nasty")
        said = bob.messages_until("said")[-1]["id"]
        screen.type(f"/quote REDACT #den {said} :not here\r")
        screen.until("boss deleted what bob said")
        assert bob.messages_until("deleted")[-1]["reason"] == "not here"

        screen.type("/mode +k sesame\r")
        screen.until("by boss")
        screen.type("/kick eve out\r")
        assert eve.messages_until("kicked")[-1]["reason"] == "out"
        eve.send(b'{"type":"join","room":"den"}\n')
        assert eve.messages_until("error")[-1]["code"] == "key-needed"
        eve.send(b'{"type":"join","room":"den","password":"sesame"}\n')
        assert eve.messages_until("members")[-1]["locked"]
        screen.type("/mode -k sesame\r")
        assert eve.messages_until("unlocked")[-1]["nick"] == "boss"

        screen.type("/ban eve\r")
        assert eve.messages_until("kicked")[-1]["who"] == "eve"
        screen.type("/mode +b\r")
        screen.until("#den: ban eve!*@*")
        screen.type("/mode -b eve!*@*\r")
        screen.until("[-b eve!*@*] by boss")
        eve.send(b'{"type":"join","room":"den"}\n')
        assert eve.messages_until("members")[-1]["count"] == 3


def _make_account(folder: Path, history: Path, *words: str) -> None:
    password = folder / "password"
    password.write_text("opensesame\n")
    where = ("--password-file", str(password), "--history", str(history))
    made = run("geventchat.cli.serve", "account", "add", *words, *where)
    assert made.status == 0, made.errors


def _come_in(screen: Terminal) -> None:
    screen.type("/connect g\r")
    screen.until("There is no message of the day")
    screen.type("/join #lobby\r")
    screen.until("Total of 4 nicks")
    screen.type("/oper mod opensesame\r")
    screen.until("[+o boss]")


def _link(server: Serving) -> str:
    assert server.process.stdout is not None
    return server.process.stdout.readline().split()[-1]


def test_a_class_with_a_teacher_at_the_page(tmp_path: Path) -> None:
    with serving("--moderator-token", "--rate", "off") as server, ExitStack() as opened:
        driver = chromium(tmp_path / "profile")
        opened.callback(driver.quit)
        bob = opened.enter_context(programmed(server.address, "bob")[0])
        eve = opened.enter_context(programmed(server.address, "eve")[0])
        teacher = Page(driver, _link(server))
        teacher.join("teacher")
        assert "moderator" not in driver.current_url
        teacher.until_here("bob", "eve", "teacher")
        eve.send(b'{"type":"say","text":"my dog ate it"}\n{"type":"say","text":"rude words"}\n')
        teacher.until_shown("my dog ate it", "rude words")

        _line(teacher, "rude words").find_element(By.TAG_NAME, "time").click()
        teacher.button("Delete the message").click()
        assert eve.messages_until("deleted")[-1]["who"] == "eve"
        teacher.until(lambda: "rude words" not in teacher.log)
        assert "my dog ate it" in teacher.log

        _choose(teacher, "eve", "Mute for 10 minutes")
        assert eve.messages_until("muted")[-1]["nick"] == "teacher"
        eve.send(b'{"type":"say","text":"hm"}\n')
        assert eve.messages_until("error")[-1]["code"] == "muted"

        _line(teacher, "my dog ate it").find_element(By.TAG_NAME, "time").click()
        teacher.button("Kick").click()
        assert eve.messages_until("kicked")[-1]["who"] == "eve"
        teacher.until_here("bob", "teacher")

        teacher.type("/slow 30s")
        assert bob.messages_until("slowed")[-1]["every"] == 30
        _choose(teacher, "bob", "Ban")
        teacher.field("Message").send_keys("10m enough\n")
        assert bob.messages_until("closing")[-1]["code"] == "banned"
        teacher.until_shown("teacher banned bob")

        driver.refresh()
        teacher.until(lambda: "Connected as teacher" in teacher.status)
        teacher.type("/unban bob")
        teacher.until_shown("teacher lifted the ban of bob")

        pupil = Page(_second(opened, tmp_path), _page_of(server))
        pupil.join("pupil")
        teacher.until_here("pupil", "teacher")
        _choose(teacher, "pupil", "Whisper")
        teacher.field("Message").send_keys("psst\n")
        pupil.until_shown("psst")
        teacher.type("/announce a break", "/lock sesame")  # the lobby takes no password
        pupil.until_shown("teacher announces: a break")
        teacher.type("/lock")
        pupil.until_shown("teacher locked the room")
        with Raw(server.address, b'{"type":"hello","nick":"late"}\n') as late:
            assert late.messages_until("error")[-1]["code"] == "locked"
            teacher.type("/unlock")
            pupil.until_shown("teacher unlocked the room")
            late.send(b'{"type":"hello","nick":"late"}\n')
            late.messages_until("welcome")
        teacher.until_here("pupil", "teacher")
        _choose(teacher, "pupil", "Kick")
        pupil.until(lambda: "teacher put you out of lobby" in pupil.driver.find_element(By.ID, "refused").text)
        assert [one for one in complaints(driver) if "WebSocket" not in one] == []


def _second(opened: ExitStack, tmp_path: Path) -> webdriver.Chrome:
    driver = chromium(tmp_path / "another profile")
    opened.callback(driver.quit)
    return driver


def _page_of(server: Serving) -> str:
    host, port = server.address
    return f"http://{host}:{port}/"


def _line(page: Page, text: str) -> WebElement:
    return page.driver.find_element(By.XPATH, f"//p[contains(@class, 'line')][contains(., '{text}')]")


def _choose(page: Page, nick: str, what: str) -> None:
    """Click on somebody in the list of people, and choose what is to be done."""
    page.driver.find_element(By.XPATH, f"//*[@id='people']//li[.='{nick}']").click()
    page.button(what).click()
