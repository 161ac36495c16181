"""Serves the page, and passes on each frame of its WebSocket as a line: for as long as geventchat-serve does not.

`python -m tests.page_bridge HOST PORT` serves on a free port, which it prints, for the chat server at HOST and PORT.
"""

import socket
import sys
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from threading import Thread

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

_FILES = Path(__file__).parent.parent / "geventchat" / "web"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def _file(connection: ServerConnection, request: Request) -> Response | None:
    if request.path == "/chat":
        return None
    path = _FILES / (request.path[1:] or "index.html")
    if path.parent != _FILES or not path.is_file():
        return connection.respond(HTTPStatus.NOT_FOUND, "there is no such file\n")
    headers = Headers(
        {
            "Content-Type": f"{_TYPES[path.suffix]}; charset=utf-8",
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Content-Length": str(path.stat().st_size),
            "Connection": "close",
        }
    )
    return Response(HTTPStatus.OK, "OK", headers, path.read_bytes())


def _chat(page: ServerConnection, server: socket.socket) -> None:
    Thread(target=_answers, args=(page, server), daemon=True).start()
    with suppress(OSError, ConnectionClosed):
        for frame in page:
            assert isinstance(frame, str)
            server.sendall(frame.encode() + b"\n")
    with suppress(OSError):
        server.shutdown(socket.SHUT_RDWR)


def _answers(page: ServerConnection, server: socket.socket) -> None:
    with suppress(OSError, ConnectionClosed), server, server.makefile("rb") as lines:
        for line in lines:
            page.send(line.rstrip(b"\n").decode())
    page.close()


def main() -> None:
    """Serve until killed."""
    address = (sys.argv[1], int(sys.argv[2]))

    def chat(page: ServerConnection) -> None:
        with suppress(OSError):
            _chat(page, socket.create_connection(address))

    with serve(chat, "127.0.0.1", 0, process_request=_file, compression=None) as server:
        print(server.socket.getsockname()[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
