"""A proxy on loopback before a server that speaks AWS's protocol: any request can be made to fail."""

from __future__ import annotations

import http.client
import json
import re
import socket
import struct
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, Self
from urllib.parse import urlsplit

#: ``lost``: the request has its effect, its answer does not arrive; ``no network``: nothing arrives.
Kind = Literal["throttling", "HTTP 500", "lost answer", "no network", "access denied"]
KINDS: tuple[Kind, ...] = ("throttling", "HTTP 500", "lost answer", "no network", "access denied")

#: Answers instead of the server's: status, code, message; AWS Batch API, *Common errors* and ServerException. The body
#: of the request is quoted in them, which AWS may do.
ANSWERS = {
    "throttling": (429, "TooManyRequestsException", "Rate exceeded"),
    "access denied": (403, "AccessDeniedException", "User: arn:aws:iam::123456789012:user/ci is not authorized"),
    "HTTP 500": (500, "ServerException", "internal"),
}


#: How operations begin that change nothing.
LOOKS = ("describe", "list", "GET ")


@dataclass(frozen=True)
class Request:
    """One request that arrived."""

    operation: str
    body: str

    @property
    def is_change(self) -> bool:
        """Whether it asks for a change."""
        return not self.operation.startswith(LOOKS)


class FaultyProxy:
    """Passes requests on, and lets some of them fail.

    Attributes
    ----------
    requests : list of Request
        What was asked for, in its order.
    url : str
        Where it is.
    """

    def __init__(self, upstream: str) -> None:
        self.requests: list[Request] = []
        self._upstream = urlsplit(upstream)
        self._lock = threading.Lock()
        self._kind: Kind | None = None
        self._first = self._last = 0

    def __enter__(self) -> Self:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # An answer goes out in one piece, at once: else each waits for an acknowledgement that is delayed.
            wbufsize = -1
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                proxy._answer(self)

            do_GET = do_PUT = do_DELETE = do_PATCH = do_POST  # noqa: N815 (names of http.server)

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fail_at(self, number: int, kind: Kind, *, lasting: bool = False) -> None:
        """Let the request with this number from now (from 1) fail, or with it all that follow."""
        self._kind = kind
        self._first = len(self.requests) + number
        self._last = 1 << 62 if lasting else self._first

    def heal(self) -> None:
        """Let no request fail any more."""
        self._kind = None

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        with self._lock:
            operation = re.split("[/?]", handler.path.removeprefix("/v1/").lstrip("/"))[0]
            if not handler.path.startswith("/v1/"):  # of a service whose methods tell: GET schedule-groups
                operation = f"{handler.command} {operation}"
            self.requests.append(Request(operation, body.decode()))
            kind = self._kind if self._first <= len(self.requests) <= self._last else None
            if kind == "no network":
                return _break(handler)
            if kind in ANSWERS:
                status, code, message = ANSWERS[kind]
                headers = {"x-amzn-errortype": code}
                data = json.dumps({"message": f"{message}: {body.decode()}"}).encode()
            else:
                status, headers, data = self._passed_on(handler, body)
        if kind == "lost answer":
            return _break(handler)
        handler.send_response(status)
        for name, value in {**headers, "content-length": str(len(data))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)
        return None

    def _passed_on(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self._upstream.hostname or "", self._upstream.port)
        try:
            connection.request(handler.command, handler.path, body, dict(handler.headers))
            answer = connection.getresponse()
            kept = ("content-type", "x-amzn-errortype", "x-amzn-requestid")
            headers = {name: value for name, value in answer.getheaders() if name.lower() in kept}
            return answer.status, headers, answer.read()
        finally:
            connection.close()


def _break(handler: BaseHTTPRequestHandler) -> None:
    """End the connection at once, as a network that is gone does."""
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
