"""Somebody who takes webhooks over https, and checks them with code of its own."""

import base64
import hashlib
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple

from tests.accounts.web import Web


class Got(NamedTuple):
    """A request that came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """It answers what ``statuses`` say, one after the other, and 204 after that."""

    def __init__(self, web: Web) -> None:
        self.web, self.got = web, list[Got]()
        self.statuses: list[int] = []
        self.headers_told: dict[str, str] = {}
        self.says = b""
        self.before: Callable[[Got], None] = lambda got: None
        web.answers.clear()
        web.asked.clear()
        web.answers["/in"] = self.answer

    @property
    def url(self) -> str:
        return self.web.url("/in")

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.got]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        headers = {name.casefold(): value for name, value in request.headers.items()}
        got = Got(headers, request.rfile.read(int(headers["content-length"])))
        self.got.append(got)
        status = self.statuses.pop(0) if self.statuses else 204
        self.before(got)
        request.send_response(status)
        for name, value in self.headers_told.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(self.says)))
        request.end_headers()
        request.wfile.write(self.says)


def is_signed(got: Got, secret: str) -> bool:
    """Whether a request was signed with a secret: HMAC (RFC 2104) written out, without the code that signs."""
    key = base64.b64decode(secret.removeprefix("whsec_")).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(each ^ 0x36 for each in key))
    inner.update(got.headers["webhook-id"].encode() + b"." + got.headers["webhook-timestamp"].encode() + b".")
    inner.update(got.body)
    outer = hashlib.sha256(bytes(each ^ 0x5C for each in key) + inner.digest())
    signed = "v1," + base64.b64encode(outer.digest()).decode()
    return signed in got.headers["webhook-signature"].split(" ")
