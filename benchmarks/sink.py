"""A mail server, or an e-mail service over HTTP, that takes everything and keeps nothing but a line for each message.

``python -m benchmarks.sink LOG [--service]``: prints its port, then serves until it is ended. A line is the message's
name, a space, and the address it went to. It is written before the message is acknowledged, so that the file holds what
a real server would have taken, whatever is killed when. The service takes each idempotency key once, as Resend does.
"""

import asyncio
import os
import re
import sys

_REF = re.compile(rb"(?im)^Message-ID:\s*<([^>]+)>")
_TO = re.compile(rb"<([^>]*)>")
_KEY = re.compile(rb"(?im)^Idempotency-Key:\s*(\S+)")
_LENGTH = re.compile(rb"(?im)^Content-Length:\s*(\d+)")
_ADDRESS = re.compile(rb"[\w.+-]+@[\w.-]+")


class Mail(asyncio.Protocol):
    """One connection of a mail server, as far as RFC 5321 asks of one that refuses nothing."""

    def __init__(self, log: int) -> None:
        self._log = log
        self._buffer = b""
        self._to = b""
        self._in_text = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._out = transport
        self._out.write(b"220 sink ready\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        end = b"\r\n.\r\n" if self._in_text else b"\r\n"
        part, found, rest = self._buffer.partition(end)
        if not found:
            return False
        self._buffer = rest
        if self._in_text:
            self._in_text = False
            named = _REF.search(part)
            os.write(self._log, (named.group(1) if named else b"?") + b" " + self._to + b"\n")
            self._out.write(b"250 2.0.0 taken\r\n")
            return True
        command = part[:4].upper()
        if command == b"EHLO":
            self._out.write(b"250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
        elif command == b"DATA":
            self._in_text = True
            self._out.write(b"354 go on\r\n")
        elif command == b"QUIT":
            self._out.write(b"221 bye\r\n")
            self._out.close()
            return False
        else:
            if command == b"RCPT" and (to := _TO.search(part)):
                self._to = to.group(1)
            self._out.write(b"250 2.1.0 ok\r\n")
        return True


class Service(asyncio.Protocol):
    """One connection of an e-mail service: a POST is a message, its ``Idempotency-Key`` what it is called."""

    taken: set[bytes] = set()

    def __init__(self, log: int) -> None:
        self._log = log
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._out = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or length is None or len(rest) < int(length.group(1)):
            return False
        body, self._buffer = rest[: int(length.group(1))], rest[int(length.group(1)) :]
        named = _KEY.search(head)
        key = named.group(1) if named else b"?"
        if key not in self.taken:
            self.taken.add(key)
            to = _ADDRESS.search(body.partition(b'"to"')[2])
            os.write(self._log, key + b" " + (to.group(0) if to else b"?") + b"\n")
        answer = b'{"id": "' + key + b'"}'
        self._out.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer)
        )
        return True


async def serve(log_path: str, protocol: type[Mail] | type[Service]) -> None:
    """Serve on a port of the system's choice until cancelled."""
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    server = await asyncio.get_running_loop().create_server(lambda: protocol(log), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Service if "--service" in sys.argv else Mail))
