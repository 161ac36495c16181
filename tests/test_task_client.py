"""The classroom task's own client, which knows no framing, works against the server."""

import subprocess
import sys
from pathlib import Path

from tests.processes import serving
from tests.raw import Address, plain

_CLIENT = Path(__file__).with_name("task_client.py")


class TaskClient:
    """The task's client as a process with its lines in and out."""

    def __init__(self, address: Address) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(_CLIENT), address[0], str(address[1])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def printed(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def end(self) -> str:
        """Type exit, and return what was still printed before the client ended by itself."""
        out, _ = self.process.communicate("exit\n", timeout=25)
        assert self.process.returncode == 0
        return out


def test_two_of_them_and_a_user_of_nc_talk_with_each_other() -> None:
    with serving() as server, plain(server.address, "nina") as nina:
        ivan, olga = TaskClient(server.address), TaskClient(server.address)
        for client, name in ((ivan, "Иван"), (olga, "Olga")):
            assert client.printed() == "Enter your name: "
            client.type(name)
            assert client.printed() == f"Hi, {name}! To exit the chat enter 'exit'."
            assert nina.line() == f"* {name} joined"
        assert ivan.printed() == "* Olga joined"
        ivan.type("Привет всем")
        olga_heard = [olga.printed()]
        olga.type("hello Ivan")
        for heard in (olga_heard[0], ivan.printed(), nina.line()):
            assert heard == "Иван: Привет всем"
        for heard in (olga.printed(), ivan.printed(), nina.line()):
            assert heard == "Olga: hello Ivan"
        nina.send(b"both of you\n")
        assert ivan.printed() == olga.printed() == "nina: both of you"
        assert olga.end() == ""
        nina.until(b"* Olga left\n")
        assert ivan.printed() == "* Olga left"
        assert ivan.end() == ""
