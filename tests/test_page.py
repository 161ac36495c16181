"""The page that a browser is given: what its people see, and that nothing they write becomes markup."""

import json
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from geventchat.commands.commands import AnyCommand
from geventchat.commands.table import TYPED, CommandInfo
from geventchat.dialects import slash
from geventchat.protocol.errors import Refused
from geventchat.server.page_files import FILES
from tests.browser import Page, chromium, complaints
from tests.needs import needs
from tests.ports import free_port
from tests.processes import Serving, serving
from tests.raw import Address, plain, programmed

_ROOT = Path(__file__).parent.parent
_WEB = _ROOT / "geventchat" / "web"
# All that is sent of the page, before anything is said.
_MOST_BYTES = 60_000
# What a room keeps on the screen, with the slack that is let go together.
_MOST_LINES = 2200


class Site:
    """A chat server with its page, which can be killed and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.address: Address = ("127.0.0.1", free_port())
        where = f"{self.address[0]}:{self.address[1]}"
        self.url = f"http://{where}/"
        self._options = ("--listen", where, "--history", str(folder / "history.sqlite"), "--rate", "off")
        self._running: AbstractContextManager[Serving] | None = None
        self._server: Serving | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.end(signal.SIGKILL)

    def start(self) -> None:
        self._running = serving(*self._options)
        self._server = self._running.__enter__()

    def end(self, number: int = signal.SIGTERM) -> None:
        if self._running is not None and self._server is not None:
            self._server.end(number)
            self._running.__exit__(None, None, None)
            self._running = None

    def signal(self, number: int) -> None:
        assert self._server is not None
        self._server.process.send_signal(number)

    def history(self) -> list[str]:
        """Return all that was said in the lobby, as a newcomer is told."""
        raw, _ = programmed(self.address, "historian")
        with raw:
            raw.send(b'{"type":"history","limit":500}\n')
            (page,) = (message for message in raw.messages_until("history") if message["type"] == "history")
            return [event["text"] for event in page["events"] if event["type"] == "said"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], webdriver.Chrome]]:
    """Browsers by number, each with what it has kept; every site is another origin, so tests share nothing."""
    started: list[webdriver.Chrome] = []

    def browser(number: int) -> webdriver.Chrome:
        while len(started) <= number:
            started.append(chromium(tmp_path_factory.mktemp("profile")))
        return started[number]

    yield browser
    for driver in started:
        driver.quit()


@pytest.fixture
def pages(site: Site, browsers: Callable[[int], webdriver.Chrome]) -> Iterator[Callable[[int], Page]]:
    """Pages by number; no page may have complained, and none may hold anything of another when the test ends."""
    used: dict[int, Page] = {}

    def page(number: int = 0) -> Page:
        used[number] = Page(browsers(number), site.url)
        return used[number]

    yield page
    for one in used.values():
        complained = complaints(one.driver)
        one.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        one.driver.get("about:blank")
        assert [one for one in complained if "WebSocket connection to" not in one] == []


@pytest.fixture
def page(pages: Callable[[int], Page]) -> Page:
    return pages(0)


# What is in the files.


def test_the_page_is_small() -> None:
    assert sum(len(file.body) for path, file in FILES.items() if path != "/") < _MOST_BYTES


@pytest.mark.parametrize("path", sorted(_WEB.iterdir()), ids=lambda path: path.name)
def test_nothing_in_the_page_makes_markup_of_text_or_asks_another_host(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextual", text)
    assert not re.search(r"\beval\b|new Function|srcdoc|javascript:", text)
    assert not re.search(r"<style|\sstyle=|\son\w+=\"|<script(?! type=\"module\" src=\")", text)
    assert not re.search(r"//[a-z]", text.replace("http://www.w3.org/2000/svg", "")), "an address"


def test_the_page_names_only_files_that_are_there() -> None:
    for path in _WEB.iterdir():
        for name in re.findall(r"(?:src|href|from)[= ]\"(?:\./)?([\w.]+)\"", path.read_text()):
            assert (_WEB / name).is_file(), f"{path.name} names {name}"


def test_the_parts_of_the_page_that_need_no_browser() -> None:
    ran = subprocess.run(
        [needs("node"), "--test", "tests/page"], capture_output=True, text=True, check=False, cwd=_ROOT
    )
    assert ran.returncode == 0, ran.stdout


_READ_LINES = """
import { COMMANDS, Mistyped, readLine } from "./geventchat/web/slash.js";
import { createInterface } from "node:readline";
console.log(JSON.stringify([...COMMANDS.values()].map(([type, typed, fields]) => [type, typed, fields])));
for await (const line of createInterface({ input: process.stdin })) {
  let told;
  try {
    told = readLine(JSON.parse(line));
  } catch (error) {
    if (!(error instanceof Mistyped)) throw error;
    told = error.message;
  }
  console.log(JSON.stringify(told));
}
"""


@pytest.fixture(scope="module")
def typed() -> Iterator[Callable[[str], object]]:
    """What the page makes of a typed line; of none, its table of commands."""
    command = [needs("node"), "--input-type=module", "--eval", _READ_LINES]
    node = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT)
    assert node.stdin is not None
    assert node.stdout is not None
    ours, table = node.stdout, json.loads(node.stdout.readline())
    given = node.stdin

    def read(line: str) -> object:
        if not line:
            return table
        given.write(json.dumps(line) + "\n")
        given.flush()
        return json.loads(ours.readline())

    yield read
    node.kill()
    node.communicate()


def _on_the_wire(info: CommandInfo) -> list[str]:
    names = {field.name: field.encode_name for field in msgspec.structs.fields(info.command)}
    return [names[field] for field in info.fields]


def test_the_page_knows_every_command(typed: Callable[[str], object]) -> None:
    table = [[info.command.__struct_config__.tag, info.typed, _on_the_wire(info)] for info in TYPED.values()]
    assert typed("") == table


def _in_python(line: str) -> object:
    try:
        return slash.read_line(line)
    except Refused as refusal:
        return re.sub(r"did you mean /\w+\? ", "", refusal.message)  # the page does not guess


@settings(max_examples=150)
@given(
    line=st.one_of(
        st.text(st.sampled_from(' "/exit0bcmsgé“”„\uff0f\u200b'), min_size=1),
        st.builds(
            "/{}{}".format,
            st.sampled_from([*TYPED, "MSG", "Me", "none", ""]),
            st.text(st.sampled_from(' "ab09/'), max_size=12),
        ),
        st.builds(
            " ".join,
            st.tuples(
                st.sampled_from(["/ban a", "/mute *"]),
                st.from_regex("[0-9]{1,2}([.,]5)?(min|Days?|M|m|mn|h30|y|m,|rd)?( spam)?", fullmatch=True),
            ),
        ),
    )
)
def test_what_is_typed_into_the_page_means_what_it_means_everywhere(typed: Callable[[str], object], line: str) -> None:
    told = typed(line)
    assert (msgspec.convert(told, AnyCommand) if isinstance(told, dict) else told) == _in_python(line)


# What people see.


@pytest.mark.slow
def test_two_people_in_two_browsers_and_one_at_nc_talk(site: Site, pages: Callable[[int], Page]) -> None:
    alice, bob = pages(0), pages(1)
    alice.join("alice")
    bob.join("bob")
    with plain(site.address, "carol") as carol:
        alice.type("hello from alice")
        bob.until_shown("alice: hello from alice")
        bob.field("Message").send_keys("hello from bob")
        bob.button("Send").click()
        carol.until(b"bob: hello from bob\n")
        carol.send(b"hello from nc\n")
        for page in (alice, bob):
            page.until_shown("alice: hello from alice", "bob: hello from bob", "carol: hello from nc")
            page.until_here("alice", "bob", "carol")
        bob.type("/msg alice psst", "/me waves", "/topic tea")
        alice.until_shown("bob whispers to you: psst", "bob waves", "bob set the topic: tea")
        carol.until(b"bob: *waves*\n")
        alice.type("/reply yes?", "/nick alicia")
        bob.until_shown("alice whispers to you: yes?", "alice is now alicia")
        assert "psst" not in carol.received.decode()


@pytest.mark.slow
def test_things_have_the_labels_and_roles_that_people_find_them_by(page: Page) -> None:
    page.join("alice")
    page.until(lambda: page.driver.find_element(By.CSS_SELECTOR, "[role=log][aria-live=polite]"))
    names = {
        "form": page.field("Message").accessible_name,
        "send": page.button("Send").accessible_name,
        "log": page.driver.find_element(By.CSS_SELECTOR, "[role=log]").accessible_name,
        "list": page.driver.find_element(By.CSS_SELECTOR, "ul[role=list]").accessible_name,
        "tabs": page.driver.find_element(By.CSS_SELECTOR, "[role=tablist]").accessible_name,
        "tab": page.tab("lobby").accessible_name,
        "panel": page.driver.find_element(By.CSS_SELECTOR, "[role=tabpanel]").accessible_name,
    }
    assert names == {
        "form": "Message",
        "send": "Send",
        "log": "Messages",
        "list": "People",
        "tabs": "Rooms",
        "tab": "lobby",
        "panel": "lobby",
    }
    assert page.tab("lobby").get_attribute("aria-selected") == "true"
    assert page.driver.switch_to.active_element == page.field("Message")
    page.type("exit")
    page.until(lambda: page.field("Your name").is_displayed())
    assert page.driver.switch_to.active_element == page.field("Your name")
    assert page.field("Your name").accessible_name == "Your name"
    assert page.field("Your name").get_property("value") == "alice"


@pytest.mark.slow
def test_a_page_of_which_a_part_is_missing_says_so(site: Site, page: Page) -> None:
    page.driver.execute_cdp_cmd("Network.enable", {})
    page.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/ids.js"]})
    page.driver.get(site.url)
    assert "reload the page" in page.driver.find_element(By.CSS_SELECTOR, "[role=alert]").text
    page.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    complaints(page.driver)
    page.driver.refresh()
    page.until(lambda: page.driver.find_element(By.CSS_SELECTOR, "[role=alert]").text == "")


@pytest.mark.slow
def test_a_name_that_is_taken_is_said_at_the_form(site: Site, page: Page) -> None:
    with plain(site.address, "alice"):
        page.driver.get(site.url)
        page.field("Your name").send_keys("alice" + Keys.ENTER)
        page.until(lambda: "the name alice is taken" in page.driver.find_element(By.CSS_SELECTOR, "[role=alert]").text)
        page.field("Your name").send_keys("anna" + Keys.ENTER)  # what was there is selected, so it is replaced
        page.until(lambda: "Connected as anna" in page.status)


@pytest.mark.slow
def test_a_name_is_made_one_s_own_and_asked_for_its_password_from_then_on(site: Site, page: Page) -> None:
    page.join("alice")
    page.button("Account").click()
    page.field("Your password").send_keys("correct horse")
    page.button("Register this name").click()
    page.until_shown("you are logged in to alice")
    site.end()
    site.start()
    page.until(lambda: "Connected as alice" in page.status)
    page.type("logged in again")
    page.until_shown("alice: logged in again")
    page.type("exit")
    page.until(lambda: page.field("Your name").is_displayed())
    page.field("Your name").clear()
    page.field("Your name").send_keys("ALICE" + Keys.ENTER)
    page.until(lambda: page.field("Password of this name").is_displayed())
    page.field("Password of this name").send_keys("wrong horse" + Keys.ENTER)
    page.until(lambda: "that is not the password" in page.driver.find_element(By.CSS_SELECTOR, "[role=alert]").text)
    page.field("Password of this name").send_keys("correct horse" + Keys.ENTER)
    page.until(lambda: "Connected as ALICE" in page.status)
    page.button("Account").click()
    page.button("Log out").click()
    page.until(lambda: "Connected as guest1" in page.status)
    assert "horse" not in page.driver.page_source
    kept = page.driver.execute_script("return JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "horse" not in kept


@pytest.mark.slow
def test_a_reload_is_the_same_person_in_the_same_rooms_who_misses_nothing(site: Site, page: Page) -> None:
    page.join("alice")
    page.type("before", "/join tea room")
    page.until(lambda: page.tab("tea room").get_attribute("aria-selected") == "true")
    with plain(site.address, "bob") as bob:
        page.type("in tea")
        page.until_shown("alice: in tea")
        page.driver.refresh()
        bob.send(b"while away\n")
        page.until(lambda: "Connected as alice" in page.status)
        page.until_shown("alice: in tea")
        page.tab("lobby").click()
        page.until_shown("alice: before", "bob: while away")
        assert page.log.count("before") == page.log.count("while away") == 1
        page.type("still alice")
        bob.until(b"alice: still alice\n")


@pytest.mark.slow
def test_who_goes_on_in_another_tab_is_the_same_person_there(page: Page) -> None:
    page.join("alice")
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    page.join("alice")
    second = page.driver.current_window_handle
    page.driver.switch_to.window(first)
    page.until(lambda: "another tab" in page.status)
    page.button("Use it here").click()
    page.until(lambda: "Connected as alice" in page.status)
    page.driver.switch_to.window(second)
    page.until(lambda: "another tab" in page.status)
    page.driver.close()
    page.driver.switch_to.window(first)


@pytest.mark.slow
def test_a_tab_left_for_another_one_loses_nothing_and_knows_nothing_more(site: Site, page: Page) -> None:
    page.join("alice")
    first = page.driver.current_window_handle
    page.run("window.WebSocket = class { close() {} }")  # this tab comes back no more
    site.end(signal.SIGKILL)
    page.until(lambda: "reconnecting" in page.status)
    page.type("/msg bob psst", "hello")
    site.start()
    bob, _ = programmed(site.address, "bob")
    with bob:
        page.driver.switch_to.new_window("tab")
        page.join("alice")
        second = page.driver.current_window_handle
        page.driver.switch_to.window(first)
        page.until(lambda: "another tab" in page.status)
        assert page.run("return arguments[0].closest('[inert]')", page.field("Message"))
        page.button("Use it here").click()
        page.until(lambda: "Connected as alice" in page.status)
        page.driver.switch_to.window(second)
        page.until(lambda: "another tab" in page.status)
        page.driver.switch_to.window(first)
        page.type("/msg bob the end")
        heard = [bob.messages_until("whispered")[-1]["text"] for _ in range(2)]
        assert heard == ["psst", "the end"]
        assert site.history() == ["hello"]
        page.type("exit")
        page.until(lambda: page.field("Your name").is_displayed())
    page.driver.close()
    page.driver.switch_to.window(second)
    page.driver.refresh()
    page.until(lambda: page.field("Your name").is_displayed())
    assert "token" not in page.run("return JSON.stringify([{...localStorage}, {...sessionStorage}])")


@pytest.mark.slow
@pytest.mark.parametrize("closed", [False, True], ids=["", "though the page is closed meanwhile"])
def test_what_is_typed_while_the_server_is_away_is_sent_once(site: Site, page: Page, closed: bool) -> None:
    page.join("alice")
    page.type("before")
    page.until_shown("alice: before")
    site.end(signal.SIGKILL)
    page.until(lambda: re.search(r"reconnecting in \d+ s", page.status))
    page.type("one", "two", "/who")
    page.until_shown("one", "two", "not possible without a connection")
    (waiting, _), before = page.driver.find_elements(By.CSS_SELECTOR, ".waiting"), page.status
    page.until(lambda: page.status != before)
    assert waiting.is_displayed(), "and a screen reader is told of it once"
    assert "2 not sent yet" in page.status
    if closed:
        page.driver.get("about:blank")
        site.start()
        page.driver.get(site.url)
    else:
        site.start()
        page.run("arguments[0].click()", page.button("Reconnect now"))  # it may be gone, where the page was quicker
    page.until_shown("alice: before", "alice: one", "alice: two")
    page.until(lambda: "not sent yet" not in page.status)
    assert site.history() == ["before", "one", "two"]
    assert [page.log.count(text) for text in ("alice: before", "alice: one", "alice: two")] == [1, 1, 1]


@pytest.mark.slow
def test_a_page_that_was_asleep_notices_soon_that_its_connection_is_dead(site: Site, page: Page) -> None:
    page.join("alice")
    site.signal(signal.SIGSTOP)  # as when a phone wakes up: nothing comes, and nothing says why
    page.run("document.dispatchEvent(new Event('visibilitychange'))")
    page.type("is anybody here?")
    page.until(lambda: "1 not sent yet" in page.status)
    page.until(lambda: "reconnecting in" in page.status)
    site.signal(signal.SIGCONT)
    page.until_shown("alice: is anybody here?")
    page.until(lambda: "Connected as alice" in page.status and "not sent yet" not in page.status)
    assert site.history() == ["is anybody here?"]


@pytest.mark.slow
def test_a_server_that_stops_says_so(site: Site, page: Page) -> None:
    page.join("alice")
    page.run("""
        window.statuses = [];
        const status = document.querySelector("[role=status]");
        new MutationObserver(() => statuses.push(status.innerText))
            .observe(status, {childList: true, characterData: true, subtree: true});
    """)  # it is replaced soon, when the page finds nobody
    site.end()
    page.until(lambda: any("the server is stopping: reconnecting in" in one for one in page.run("return statuses")))


HOSTILE = (
    "<img src=x onerror=document.title='pwned'>",
    "<script>document.title='pwned'</script>",
    "javascript:alert(1) http://a.example/\"onmouseover=\"document.title='pwned'",
    "[x](javascript:alert(1)) &lt;b&gt; \u202eback ${'a'} {{b}}",
)


@pytest.mark.slow
def test_nothing_that_anyone_says_or_is_called_is_markup(site: Site, page: Page) -> None:
    name = "<b onclick=x>\"'&amp;</b>"
    page.join("alice")
    raw, welcome = programmed(site.address, name, room="<i>room</i>")
    with raw:
        assert welcome["nick"] == name
        raw.send(b'{"type":"join","room":"lobby"}\n')
        commands: list[dict[str, str]] = []
        for text in HOSTILE:
            commands += [{"type": kind, "text": text, "room": "lobby"} for kind in ("say", "act", "topic")]
            commands += [{"type": "whisper", "text": text, "to": "alice"}]
        for command in commands:
            raw.send(json.dumps(command).encode() + b"\n")
        page.type("/join <i>room</i>", "/who", "/rooms")
        page.until(lambda: page.driver.find_element(By.ID, "room").text == "<i>room</i>")
        page.tab("lobby").click()
        page.until(lambda: name in page.people)
        shown = [text.replace("\u202e", "") for text in HOSTILE]
        page.until_shown(*(f"{name}: {text}" for text in shown), *(f"whispers to you: {text}" for text in shown))
    markup = "#chat :is(b, i, script, iframe, object, [onerror], [onclick], [onmouseover], img, style)"
    assert page.run(f"return document.querySelectorAll('{markup}').length") == 0
    assert "pwned" not in page.driver.title
    links = page.run("return [...document.querySelectorAll('#log a')].map((a) => [a.protocol, a.rel, a.target])")
    assert {tuple(link) for link in links} == {("http:", "noopener noreferrer", "_blank")}


@pytest.mark.slow
def test_a_mention_and_a_whisper_call_and_what_is_unread_is_counted(site: Site, page: Page) -> None:
    page.join("alice")
    page.type("/join tea")
    page.until(lambda: page.tab("tea").get_attribute("aria-selected") == "true")
    with plain(site.address, "bob") as bob:
        bob.send(b"one\nalice: two\n")
        page.until(lambda: page.tab("lobby").text.split() == ["lobby", "2"])
        page.until(lambda: page.driver.title == "(2) tea - geventchat")
        assert page.tab("lobby").find_elements(By.CSS_SELECTOR, ".mentioned")
        page.tab("lobby").click()
        page.until(lambda: page.tab("lobby").text == "lobby")
        page.until(lambda: page.driver.find_element(By.CSS_SELECTOR, ".line.mention").text.endswith("bob: alice: two"))


@pytest.mark.slow
def test_the_keyboard_is_enough(site: Site, page: Page) -> None:
    page.join("alice")
    with plain(site.address, "bob"):
        page.until(lambda: "bob" in page.people)
        field = page.field("Message")
        field.send_keys("b" + Keys.TAB)
        assert field.get_property("value") == "bob: "
        field.send_keys("tea?" + Keys.ENTER + "/to" + Keys.TAB + "biscuits" + Keys.ENTER)
        page.until_shown("alice: bob: tea?", "alice set the topic: biscuits")
        field.send_keys(Keys.SHIFT, Keys.TAB)
        assert page.driver.switch_to.active_element.text == "alice"
        page.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
        assert page.driver.switch_to.active_element.text == "bob"
        with plain(site.address, "anna"):  # who comes and goes leaves the focus where it is
            page.until_here("alice", "anna", "bob")
        page.until_here("alice", "bob")
        page.driver.switch_to.active_element.send_keys(Keys.ENTER)
        assert field.get_property("value") == "/msg bob "
        field.clear()
        page.type("/join tea")
        page.until(lambda: page.tab("tea").get_attribute("aria-selected") == "true")
        page.field("Message").send_keys(Keys.ALT, Keys.ARROW_UP)
        page.until(lambda: page.tab("lobby").get_attribute("aria-selected") == "true")
        page.tab("lobby").send_keys(Keys.ARROW_RIGHT)
        page.until(lambda: page.driver.switch_to.active_element == page.tab("tea"))
        assert page.tab("tea").get_attribute("aria-selected") == "true"
        field.send_keys("x", Keys.ESCAPE, Keys.TAB)
        assert page.driver.switch_to.active_element == page.button("Send")


@pytest.mark.slow
def test_several_lines_at_once_are_asked_about(site: Site, page: Page) -> None:
    page.join("alice")
    paste = """
        const data = new DataTransfer();
        data.setData("text/plain", arguments[0]);
        arguments[1].dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, cancelable: true }));
    """
    page.run(paste, "one\r\n\n  /two\nthree\n", page.field("Message"))
    page.driver.find_element(By.CSS_SELECTOR, "dialog[open]").find_element(By.XPATH, ".//button[.='Cancel']").click()
    page.run(paste, "one\r\n\n  /two\nthree\n", page.field("Message"))
    assert "/two" in page.driver.find_element(By.CSS_SELECTOR, "dialog[open]").text
    page.button("Send 3 messages").click()
    page.until_shown("alice: one", "alice:   /two", "alice: three")
    assert site.history() == ["one", "  /two", "three"]


@pytest.mark.slow
def test_what_cannot_be_done_is_said(page: Page) -> None:
    page.join("alice")
    for line in ("/msg nobody hi", "/nock", "/nick", "/ping 7", "//home", "/leave"):
        page.field("Message").clear()
        page.type(line)
    page.until_shown("nobody called nobody is here", "/nock is not a command", "like this: /nick NAME", "pong 7")
    page.until_shown("alice: /home", "this is your only room")


@pytest.mark.slow
def test_what_is_typed_stays_until_it_is_taken_and_comes_back_behind_another_command(site: Site, page: Page) -> None:
    page.join("alice")
    field = page.field("Message")
    page.type("/nock me")
    assert field.get_property("value") == "/nock me"
    field.clear()
    with plain(site.address, "bob"):
        page.until_here("alice", "bob")
        field.send_keys("half a line")
        page.driver.find_element(By.XPATH, "//li[.='bob']").click()
        assert field.get_property("value") == "/msg bob "
        page.driver.find_element(By.XPATH, "//li[.='alice']").click()
        page.type("psst")
        assert field.get_property("value") == "half a line"
        page.type(" is whole")
        page.until_shown("alice: half a line is whole")


@pytest.mark.slow
def test_a_phone_s_width_needs_no_sideways_scrolling(site: Site, page: Page) -> None:
    size = {"width": 320, "height": 568, "deviceScaleFactor": 2, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    parts = "['html', 'main:not([hidden])', '#log']"
    fits = f"return {parts}.every((part) => document.querySelector(part).scrollWidth <= 320)"
    page.driver.get(site.url)
    assert page.run(fits)
    page.join("alice")
    with plain(site.address, "x" * 32) as other:
        other.send(b"/topic " + b"t" * 300 + b"\n" + b"w" * 1000 + b"\nhttp://example.org/" + b"l" * 500 + b"\n")
        for number in range(5):
            page.type(f"/join a rather long name, no. {number}")
        page.until(lambda: len(page.driver.find_elements(By.CSS_SELECTOR, "[role=tab]")) == 6)
        page.tab("lobby").click()
        page.until_shown("l" * 500)
        page.button("2 here").click()
        page.until(lambda: "x" * 32 in page.people)
    assert page.run(fits)
    for element in (page.field("Message"), page.button("Send")):
        assert element.rect["x"] + element.rect["width"] <= 320
        assert element.rect["y"] + element.rect["height"] <= 568


def flood(address: Address, first: int, count: int) -> None:
    """Say so many numbered messages, and return when they are stored."""
    raw, _ = programmed(address, "flooder")
    with raw:
        said = (json.dumps({"type": "say", "text": f"line {number}"}) for number in range(first, first + count))
        raw.send("".join(line + "\n" for line in said).encode() + b'{"type":"ping","token":"end"}\n')
        raw.messages_until("pong")


_COUNT = "return document.querySelectorAll('[role=log] .line').length"


@pytest.mark.slow
def test_5000_messages_leave_a_bounded_page_that_still_shows_the_newest(site: Site, page: Page) -> None:
    page.join("alice")
    flood(site.address, 0, 5000)
    page.until_shown("line 4999")
    assert page.run(_COUNT) <= _MOST_LINES
    at_end = "const log = document.querySelector('#log'); return log.scrollHeight - log.scrollTop - log.clientHeight"
    assert page.run(at_end) < 2


@pytest.mark.slow
def test_who_reads_the_past_keeps_it_in_sight_and_finds_the_present_again(site: Site, page: Page) -> None:
    flood(site.address, 0, 50)
    page.join("alice")
    page.until_shown("line 49")
    page.run("document.querySelector('#log').scrollTop = 0")
    in_sight = "return document.querySelector('#log .said').getBoundingClientRect().top"
    page.until(lambda: page.button("Latest messages").is_displayed())
    place = page.run(in_sight)
    flood(site.address, 50, 2500)
    with plain(site.address, "bob") as bob:
        bob.send(b"/msg alice psst\n")
        page.until_shown("line 0", "bob whispers to you: psst")
    assert page.run(_COUNT) <= _MOST_LINES
    assert page.run(in_sight) == place
    page.button("Latest messages").click()
    page.until_shown("line 2549", "bob whispers to you: psst")


@pytest.mark.slow
def test_scrolling_up_shows_all_that_was_said_and_a_button_leads_back(site: Site, page: Page) -> None:
    flood(site.address, 0, 3000)
    page.join("alice")
    page.until_shown("line 2999")
    seen: set[str] = set()
    while "line 0" not in seen:
        page.run("document.querySelector('#log').scrollTop = 0")
        lines = page.run("return [...document.querySelectorAll('.said .text')].map((line) => line.textContent)")
        assert lines == [f"line {int(lines[0][5:]) + number}" for number in range(len(lines))], "a gap, or one twice"
        seen.update(lines)
        assert page.run(_COUNT) <= _MOST_LINES
    assert len(seen) == 3000
    flood(site.address, 3000, 500)
    page.button("Latest messages").click()
    page.until_shown("line 3499")
    flood(site.address, 3500, 1)
    page.until_shown("line 3500")
