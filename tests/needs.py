"""What tests need of a machine that pip does not install: without it a test is skipped, but fails where CI is set."""

import os
import shutil
from typing import NoReturn

import pytest

# Servers are often in folders that only root looks through.
_FOLDERS = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


def needs(program: str) -> str:
    """Return where a program is."""
    return shutil.which(program, path=_FOLDERS) or missing(f"{program} is not installed")


def not_permitted(what: str) -> NoReturn:
    """End the test that the system does not let us run here, in CI too: nothing that could be installed is missing."""
    pytest.skip(what)


def missing(what: str) -> NoReturn:
    """End the test that cannot run here: nobody reads what CI skipped."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and CI must run every test")
    pytest.skip(what)
