"""The page in a browser that several people use, and before what others say and are called."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import Page, chromium, complaints
from tests.processes import Serving, serving
from tests.raw import programmed

pytestmark = pytest.mark.slow  # the quick tests have a browser only for what most people do


@pytest.fixture
def server() -> Iterator[Serving]:
    with serving("--moderator-token", "--rate", "off") as server:
        yield server


@pytest.fixture
def page(server: Serving, tmp_path: Path) -> Iterator[Page]:
    driver = chromium(tmp_path / "profile")
    try:
        yield Page(driver, "http://{}:{}/".format(*server.address))
        assert complaints(driver) == []
    finally:
        driver.quit()


def test_who_joins_after_somebody_who_has_left_is_somebody_else(server: Serving, page: Page) -> None:
    assert server.process.stdout is not None
    page.driver.get(server.process.stdout.readline().split()[-1])
    page.field("Your name").send_keys("teacher" + Keys.ENTER)
    page.until(lambda: "Connected as teacher" in page.status)
    page.type("/join staff")
    page.until(lambda: page.tab("staff").get_attribute("aria-selected") == "true")
    page.type("/announce I moderate")
    page.until_shown("teacher announces: I moderate")
    page.run("""
        addEventListener("hashchange", () => {
            document.querySelector("#message").value = "said on the way";
            document.querySelector("#composer").requestSubmit();
        });
        location.hash = "moderator=worn";
    """)
    page.until(lambda: "opened already" in page.driver.find_element(By.ID, "refused").text)
    page.field("Your name").send_keys(Keys.ENTER)
    page.until_shown("teacher: said on the way")
    page.type("exit")
    page.until(lambda: page.field("Your name").is_displayed())
    kept = page.run("return JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])")
    assert not re.search("token|staff|moderator", kept)
    page.field("Your name").send_keys(Keys.ENTER)
    page.until(lambda: "Connected as teacher" in page.status)
    page.type("/announce I do too", "/ping done")
    page.until_shown("pong done")
    assert "I do too" not in page.log


# Names and texts of which each is as bad as may be: wide, tall, of no width, from right to left, a wrong friend.
WIDE = "W" * 32
TALL = "T" + "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308" * 200
TEXTS = (
    TALL,
    "w" * 1500,
    "\u200b" * 500,
    "\ufdfd" * 60,
    "\U0001242b" * 60,
    "\u05d0" * 900,
    "\u0e49" * 900,
    f"{TALL} " * 2,
)


def test_nothing_that_anyone_says_or_is_called_leaves_its_place_on_a_phone(server: Serving, page: Page) -> None:
    size = {"width": 320, "height": 568, "deviceScaleFactor": 2, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert server.process.stdout is not None
    page.driver.get(server.process.stdout.readline().split()[-1])
    page.field("Your name").send_keys("m" * 32 + Keys.ENTER)
    page.until(lambda: "Connected as" in page.status)
    with programmed(server.address, WIDE)[0] as eve:
        for text in TEXTS:
            said = [{"type": kind, "text": text, "room": "lobby"} for kind in ("say", "act", "topic")]
            eve.send("".join(json.dumps(one) + "\n" for one in said).encode())
        page.type("/join " + "R" * 32)
        page.until(lambda: page.tab("R").get_attribute("aria-selected") == "true")
        page.tab("lobby").click()
        eve.send(b'{"type":"say","text":"the end","room":"lobby"}\n')
        page.until_shown("the end")
        assert page.tab("lobby").rect["width"] > 60, "a room's name can be read"
        _fits(page)
        page.button("2 here").click()
        page.until(lambda: WIDE in page.people)
        _fits(page)
        page.driver.find_element(By.XPATH, f"//li[.='{WIDE}']").click()
        _fits(page)
        page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        page.button("Account").click()
        _fits(page)
        page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)


def test_a_tower_of_accents_does_not_cover_what_another_has_said(page: Page) -> None:
    page.join("alice")
    page.type("above", "/me T")
    page.until_shown("alice: above", "alice T")
    above = page.driver.find_element(By.CSS_SELECTOR, ".said")
    before = above.screenshot_as_png
    # Where a font has places for them, two hundred accents reach up so far.
    page.run("Object.assign(document.querySelector('.acted .text').style, { position: 'relative', top: '-1.5em' })")
    assert above.screenshot_as_png == before


def _fits(page: Page) -> None:
    """Fail if anything needs sideways scrolling, or is beyond the screen."""
    beyond = page.run("""
        const isCut = (one) => ["hidden", "clip", "auto"].includes(getComputedStyle(one).overflowX) && one.id !== "log";
        const walk = (one) => {
            const { left, right } = one.getBoundingClientRect();
            if (one.checkVisibility() && (left < 0 || right > 320)) return [one.outerHTML.slice(0, 99)];
            return isCut(one) ? [] : [...one.children].flatMap(walk);
        };
        return walk(document.body);
    """)
    assert beyond == []
    parts = "['html', 'body', 'main:not([hidden])', '#log', 'footer', '#people']"
    assert page.run(f"return {parts}.filter((part) => document.querySelector(part).scrollWidth > 320)") == []
