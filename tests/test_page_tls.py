"""The page inside TLS, at a server with a password."""

from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from tests.browser import Page, chromium
from tests.processes import serving
from tests.test_tls import in_files
from tests.tls import keys, secure

PASSWORD = "correct horse"  # noqa: S105 - it is a test's


@pytest.mark.slow
def test_a_browser_joins_inside_tls_with_the_password_and_a_reload_does_not_ask_again(tmp_path: Path) -> None:
    keys(tmp_path / "keys")
    (tmp_path / "password").write_text(PASSWORD)
    options = [*in_files(tmp_path / "keys"), "--tls-only", "--password-file", str(tmp_path / "password")]
    driver = chromium(tmp_path / "profile", "--ignore-certificate-errors")
    try:
        with serving(*options) as server:
            # A browser that is given the address in the clear is sent inside TLS.
            page = Page(driver, "http://{}:{}/".format(*server.address))
            driver.get("http://{}:{}/".format(*server.address))
            page.until(lambda: driver.current_url.startswith("https://"))
            page.field("Your name").send_keys("alice")
            page.button("Join").click()
            page.until(lambda: "this server asks for a password" in driver.find_element(By.ID, "refused").text)
            password = driver.find_element(By.ID, "password")
            password.send_keys("battery staple")
            page.button("Join").click()
            page.until(lambda: "not the server's password" in driver.find_element(By.ID, "refused").text)
            password.clear()
            password.send_keys(PASSWORD)
            page.button("Join").click()
            page.until(lambda: "Connected as alice" in page.status)
            with secure(server.address, f"{PASSWORD}\nbob\n".encode()) as bob:
                page.until_here("alice", "bob")
                page.type("hello, bob")
                bob.until(b"alice: hello, bob\n")
                driver.refresh()
                page.until(lambda: "Connected as alice" in page.status)
                bob.send(b"welcome back\n")
                page.until_shown("welcome back")
            assert PASSWORD not in str(page.run("return JSON.stringify(localStorage)"))
            said = driver.get_log("browser")  # type: ignore[no-untyped-call]
            assert [entry for entry in said if "Content Security Policy" in entry["message"]] == []
    finally:
        driver.quit()
