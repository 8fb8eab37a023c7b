"""A proxy on loopback before a server that speaks AWS's protocol: any request can be made to fail."""

from __future__ import annotations

import http.client
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from batchsim.aws.client import AwsAccount

#: Answers instead of the server's: status, code, message; AWS Batch API, *Common errors* and ServerException.
ANSWERS = {
    "throttle": (429, "TooManyRequestsException", "Rate exceeded"),
    "denied": (403, "AccessDeniedException", "not authorized"),
    "error": (500, "ServerException", "internal"),
}
KINDS = (*ANSWERS, "lost")


class FaultyProxy:
    """Passes requests on, and lets one of them fail.

    Attributes
    ----------
    calls : list of str
        The operations that were asked for, in their order.
    """

    def __init__(self, upstream: str) -> None:
        self.calls: list[str] = []
        self._upstream = urlsplit(upstream)
        self._faults: dict[int, str] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> FaultyProxy:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # An answer goes out in one piece, at once: else each waits for an acknowledgement that is delayed.
            wbufsize = -1
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                proxy._answer(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        url = f"http://127.0.0.1:{self._server.server_port}"
        self.account = AwsAccount(region="us-east-1", endpoint_url=url, attempts=1)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fail_at(self, number: int, kind: str) -> None:
        """Let the request with this number from now (from 1) fail; ``lost``: it has its effect, the answer is lost."""
        self._faults[len(self.calls) + number] = kind

    def reset(self) -> None:
        """Forget the calls and the faults that did not come to pass."""
        self.calls.clear()
        self._faults.clear()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        with self._lock:
            self.calls.append(re.split("[/?]", handler.path.removeprefix("/v1/"))[0])
            fault = self._faults.pop(len(self.calls), "")
            if fault in ANSWERS:
                status, code, message = ANSWERS[fault]
                headers, data = {"x-amzn-errortype": code}, f'{{"message": "{message}"}}'.encode()
            else:
                status, headers, data = self._passed_on(handler, body)
        if fault == "lost":
            handler.close_connection = True
            handler.connection.close()
            return
        handler.send_response(status)
        for name, value in {**headers, "content-length": str(len(data))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

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
