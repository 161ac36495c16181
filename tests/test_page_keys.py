"""The page without a mouse, for who moderates: menus by keys, with the roles that a screen reader tells."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.browser import Page, chromium, complaints
from tests.processes import serving
from tests.raw import Raw, programmed
from tests.test_moderation_on_sockets import moderator

pytestmark = pytest.mark.slow  # the quick tests have a browser only for what most people do


class Class:
    """A teacher at the page, who moderates, and eve, who has said something rude."""

    def __init__(self, teacher: Page, eve: Raw) -> None:
        self.teacher = teacher
        self.eve = eve

    @property
    def focus(self) -> WebElement:
        return self.teacher.driver.switch_to.active_element

    def press(self, *keys: str) -> None:
        """Press keys where the focus is; what is pressed with Shift stands in one string."""
        for key in keys:
            self.focus.send_keys(key)

    def until_focus(self, text: str) -> None:
        self.teacher.until(lambda: self.focus.text == text)


@pytest.fixture
def lesson(tmp_path: Path) -> Iterator[Class]:
    with serving("--moderator-token", "--rate", "off") as server, ExitStack() as opened:
        assert server.process.stdout is not None
        link = server.process.stdout.readline().split()[-1]
        driver = chromium(tmp_path / "profile")
        opened.callback(driver.quit)
        eve = opened.enter_context(programmed(server.address, "eve")[0])
        teacher = Page(driver, link)
        teacher.join("teacher")
        eve.send(b'{"type":"say","text":"my dog ate it"}\n{"type":"say","text":"rude words"}\n')
        teacher.until_shown("my dog ate it", "rude words")
        teacher.until_here("eve", "teacher")
        yield Class(teacher, eve)
        assert complaints(driver) == []


def test_somebody_is_muted_from_the_list_of_people_by_keys_alone(lesson: Class) -> None:
    lesson.press(Keys.SHIFT + Keys.TAB)
    assert (lesson.focus.text, lesson.focus.aria_role) == ("eve", "button")
    assert lesson.focus.get_attribute("aria-haspopup") == "dialog"
    lesson.press(Keys.SPACE)
    dialog = lesson.teacher.driver.find_element(By.CSS_SELECTOR, "dialog[open]")
    assert (dialog.aria_role, dialog.accessible_name) == ("dialog", "eve")
    lesson.until_focus("Whisper")
    lesson.press(Keys.ESCAPE)
    lesson.until_focus("eve")
    assert not dialog.is_displayed()
    lesson.press(Keys.ENTER)
    lesson.until_focus("Whisper")
    lesson.press(Keys.ARROW_UP)
    lesson.until_focus("Cancel")
    lesson.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    lesson.until_focus("Mute for 10 minutes")
    lesson.press(Keys.ENTER)
    assert lesson.eve.messages_until("muted")[-1]["nick"] == "teacher"
    lesson.until_focus("eve")
    lesson.press(Keys.ARROW_DOWN)
    lesson.until_focus("teacher")
    assert lesson.focus.get_attribute("aria-haspopup") is None


def test_who_moderates_has_a_star_also_in_its_own_list(lesson: Class) -> None:
    lesson.teacher.until_here("eve", "teacher")
    names = lesson.teacher.run("""
        const shown = (one) => ["::before", "::after"].map((part) => getComputedStyle(one, part).content).join();
        return [...document.querySelectorAll("#people button")].map(shown);
    """)
    assert ["★" in name for name in names] == [False, True]
    assert ["(you)" in name for name in names] == [False, True]
    assert lesson.teacher.driver.find_element(By.CSS_SELECTOR, "#people .mine").accessible_name.split() == [
        "moderator",
        "teacher",
        "(you)",
    ]


def test_a_message_is_taken_back_by_keys_alone(lesson: Class) -> None:
    log = lesson.teacher.driver.find_element(By.CSS_SELECTOR, "[role=log]")
    log.send_keys(Keys.TAB)
    assert (lesson.focus.aria_role, lesson.focus.get_attribute("aria-haspopup")) == ("button", "dialog")
    described = lesson.focus.get_attribute("aria-describedby")
    assert lesson.teacher.driver.find_element(By.ID, described or "").text.endswith("eve: rude words")
    lesson.press(Keys.ARROW_UP)
    first = lesson.focus.get_attribute("aria-describedby")
    assert lesson.teacher.driver.find_element(By.ID, first or "").text.endswith("eve: my dog ate it")
    lesson.press(Keys.ENTER)
    lesson.until_focus("Whisper")
    lesson.press(Keys.ESCAPE)
    lesson.teacher.until(lambda: lesson.focus.get_attribute("aria-describedby") == first)
    lesson.press(Keys.ARROW_DOWN, Keys.SPACE)
    lesson.until_focus("Whisper")
    lesson.press(Keys.ARROW_UP, Keys.ARROW_UP)
    lesson.until_focus("Delete the message")
    lesson.press(Keys.ENTER)
    assert lesson.eve.messages_until("deleted")[-1]["who"] == "eve"
    lesson.teacher.until(lambda: "rude words" not in lesson.teacher.log)
    lesson.teacher.until(lambda: lesson.focus.aria_role == "log")


def test_of_one_s_own_message_only_the_message_can_be_taken_back(lesson: Class) -> None:
    lesson.teacher.type("oops")
    lesson.teacher.until_shown("teacher: oops")
    lesson.teacher.driver.find_element(By.CSS_SELECTOR, "#log .mine time").click()
    dialog = lesson.teacher.driver.find_element(By.CSS_SELECTOR, "dialog[open]")
    shown = [button.text for button in dialog.find_elements(By.TAG_NAME, "button") if button.is_displayed()]
    assert shown == ["Delete the message", "Cancel"]


def test_who_is_put_out_finds_the_form_behind_any_dialog_and_comes_in_elsewhere(tmp_path: Path) -> None:
    with serving("--moderator-token", "--rate", "off") as server, ExitStack() as opened:
        mod, _ = moderator(server)
        driver = chromium(tmp_path / "profile")
        opened.callback(driver.quit)
        alice = Page(driver, "http://{}:{}/".format(*server.address))
        alice.join("alice")
        alice.button("Account").click()
        assert driver.switch_to.active_element == alice.field("Your password")
        mod.send(b'{"type":"kick","nick":"alice","room":"lobby","reason":"enough"}\n')
        alice.until(lambda: "mod put you out of lobby: enough" in driver.find_element(By.ID, "refused").text)
        assert not driver.find_elements(By.CSS_SELECTOR, "dialog[open]")
        alice.field("Your name").send_keys(Keys.ENTER)
        alice.until(lambda: "Connected as alice" in alice.status)
        alice.type("/join tea")
        alice.until(lambda: alice.tab("tea").get_attribute("aria-selected") == "true")
        says = (f'{{"type":"say","room":"lobby","text":"line {number}"}}\n' for number in range(100))
        mod.send("".join(says).encode() + b'{"type":"join","room":"tea"}\n')
        alice.tab("lobby").click()
        alice.until_shown("line 99")
        alice.run("document.querySelector('#log').scrollTop = 600")
        alice.until(lambda: alice.button("Latest messages").is_displayed())
        mod.send(b'{"type":"kick","nick":"alice","room":"tea"}\n')
        alice.until_shown("mod put you out of tea")
        assert alice.run("return document.querySelector('#log').scrollTop") == 600, "the past is still in sight"
        alice.type("/join tea")
        alice.until(lambda: alice.tab("tea").get_attribute("aria-selected") == "true")
        alice.field("Message").send_keys("half a line")
        mod.send(b'{"type":"kick","nick":"alice","room":"tea"}\n')
        alice.until(lambda: alice.log.count("mod put you out of tea") == 2)
        driver.switch_to.active_element.send_keys(" of mine" + Keys.ENTER)
        assert alice.field("Message").get_property("value") == "half a line", "and not said in the lobby"
        alice.field("Message").clear()
        alice.type("/join tea")
        alice.until(lambda: alice.tab("tea").get_attribute("aria-selected") == "true")
        alice.tab("lobby").click()
        alice.type("/leave")
        alice.until(lambda: alice.driver.title == "tea - geventchat" and alice.button("Leave").is_displayed() is False)
        alice.field("Message").send_keys("half")
        mod.send(b'{"type":"ban","who":"alice","room":"tea"}\n')
        alice.until(lambda: "mod put you out of tea" in driver.find_element(By.ID, "refused").text)
        driver.switch_to.active_element.send_keys(" a line" + Keys.ENTER)
        assert alice.field("Your name").get_property("value") == "alice"
        alice.field("Your name").send_keys(Keys.ENTER)
        alice.until_shown("you are no longer in tea: you are banned")
        assert driver.title == "lobby - geventchat"
        mod.close()
