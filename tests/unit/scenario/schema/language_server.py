"""yaml-language-server, which editors ask: a client of its protocol over standard input and output."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

#: From npm, where it is not installed.
PACKAGE = "yaml-language-server@1.25.0"


def command(folder: Path) -> list[str]:
    """How to start the server; installed in a folder where it can be had, else the test is skipped."""
    installed, npm = shutil.which("yaml-language-server"), shutil.which("npm")
    if installed:
        return [installed, "--stdio"]
    if npm is None or shutil.which("node") is None:
        pytest.skip("neither yaml-language-server nor node and npm are here")
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
    made = subprocess.run([npm, "install", *options, PACKAGE], capture_output=True, text=True, timeout=300)
    if made.returncode:
        pytest.skip(f"npm gave no {PACKAGE}: {made.stderr.strip()[-200:]}")
    return ["node", str(folder / "node_modules/yaml-language-server/bin/yaml-language-server"), "--stdio"]


class LanguageServer:
    """The server, asked about one document at a time."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._numbers = itertools.count(1)
        completion = {"completionItem": {"snippetSupport": True}}
        capabilities = {"workspace": {"configuration": True}, "textDocument": {"completion": completion}}
        self._ask("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        self._send({"method": "initialized", "params": {}})

    def __enter__(self) -> LanguageServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def diagnostics(self, path: Path, text: str) -> list[tuple[int, str]]:
        """Line and message of all that is wrong with a text that stands beside a path."""
        return self._opened(path, text)[1]

    def completions(self, path: Path, text: str) -> list[str]:
        """What is suggested at the mark ``|`` of a text, without what comes twice."""
        before, _, after = text.partition("|")
        uri, _ = self._opened(path, before + after)
        place = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
        found = self._ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": place})
        return list(dict.fromkeys(item["label"] for item in found["items"]))

    def _opened(self, path: Path, text: str) -> tuple[str, list[tuple[int, str]]]:
        """A document of its own, as the server may know an earlier one of the name, and its diagnostics."""
        uri = path.with_name(f"{next(self._numbers)}-{path.name}").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        while True:
            message = self._read()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                found = message["params"]["diagnostics"]
                return uri, [(each["range"]["start"]["line"] + 1, each["message"]) for each in found]

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        number = next(self._numbers)
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == number and "method" not in message:
                return message["result"]

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        """The next message; what the server asks of an editor is answered."""
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        assert length, "the server has ended"
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        if "method" in message and "id" in message:
            yaml = {"validate": True, "completion": True, "schemaStore": {"enable": False}}
            items = message["params"].get("items", []) if message["method"] == "workspace/configuration" else None
            answer = None if items is None else [yaml if item["section"] == "yaml" else {} for item in items]
            self._send({"id": message["id"], "result": answer})
        return message
