"""Starting one of the small servers in this folder."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.raw import Address

FOLDER = Path(__file__).parent


@contextmanager
def other_server(file: str, environment: Mapping[str, str] | None = None) -> Iterator[Address]:
    """Run a server until the block ends; yield where it listens."""
    command = ["node" if file.endswith(".js") else sys.executable, str(FOLDER / file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            yield "127.0.0.1", int(process.stdout.readline())
        finally:
            process.kill()
