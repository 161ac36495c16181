"""Chromium with the page in it, used as a person would: by labels, roles and keys."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.needs import needs

# As root there is no sandbox, and nothing may be asked of any other host.
_OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
# How long a page may take to show what is waited for; tests are failed long before by their own time limit, or pass.
_PATIENCE_S = 25


def chromium(profile: Path, *more: str, traced: bool = False) -> webdriver.Chrome:
    """Return a browser of its own, with a fresh profile, and with more options.

    If it is `traced`, its performance log holds each task that it has done, with the CPU time that it took.
    """
    options = webdriver.ChromeOptions()
    options.binary_location = needs("chromium")
    for option in (*_OPTIONS, f"--user-data-dir={profile}", *more):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"} | ({"performance": "ALL"} if traced else {}))
    if traced:
        categories = {"traceCategories": "devtools.timeline,toplevel", "enableNetwork": False, "enablePage": False}
        options.add_experimental_option("perfLoggingPrefs", categories)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(needs("chromedriver")))


def complaints(driver: webdriver.Chrome) -> list[str]:
    """Return what the browser has warned of, or called an error, since it was asked last."""
    said = driver.get_log("browser")  # type: ignore[no-untyped-call]
    return [entry["message"] for entry in said if entry["level"] != "INFO"]


class Page:
    """One person's page."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        self._url = url

    def join(self, name: str) -> None:
        """Open the page and come in."""
        self.driver.get(self._url)
        self.field("Your name").clear()
        self.field("Your name").send_keys(name)
        self.button("Join").click()
        self.until(lambda: f"Connected as {name}" in self.status)

    def type(self, *lines: str) -> None:
        """Type messages or commands, each followed by Enter."""
        self.field("Message").send_keys("".join(line + Keys.ENTER for line in lines))

    def field(self, label: str) -> WebElement:
        """Return the field with this label."""
        name = self.driver.find_element(By.XPATH, f"//label[normalize-space()='{label}']").get_attribute("for")
        return self.driver.find_element(By.ID, name or "")

    def button(self, name: str) -> WebElement:
        """Return the button with this text."""
        return self.driver.find_element(By.XPATH, f"//button[contains(normalize-space(), '{name}')]")

    def tab(self, room: str) -> WebElement:
        """Return a room's tab."""
        tabs = self.driver.find_elements(By.CSS_SELECTOR, "[role=tablist] [role=tab]")
        return next(tab for tab in tabs if tab.text.split("\n")[0].startswith(room))

    @property
    def status(self) -> str:
        return self._text("[role=status]")

    @property
    def log(self) -> str:
        return self._text("[role=log]")

    @property
    def people(self) -> list[str]:
        return [item.text for item in self.driver.find_elements(By.CSS_SELECTOR, "ul[aria-label=People] > li")]

    def run(self, script: str, *arguments: object) -> Any:
        """Run JavaScript in the page, and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds."""
        wait = WebDriverWait(
            self.driver, _PATIENCE_S, 0.05, (NoSuchElementException, StaleElementReferenceException, StopIteration)
        )
        try:
            wait.until(lambda _: holds())
        except TimeoutException:
            raise AssertionError(f"the page shows {self._text('body')!r}") from None

    def until_shown(self, *texts: str) -> None:
        """Wait until all of this stands in the log."""
        self.until(lambda: all(text in self.log for text in texts))

    def until_here(self, *nicks: str) -> None:
        """Wait until just these are in the list of people."""
        self.until(lambda: self.people == list(nicks))

    def _text(self, selector: str) -> str:
        return str(self.driver.find_element(By.CSS_SELECTOR, selector).get_property("innerText"))
