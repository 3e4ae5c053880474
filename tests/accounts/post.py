"""A real mail server for tests: what it takes, it keeps."""

import re
import socket
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller


@dataclass(frozen=True)
class Letter:
    """A message as the server took it."""

    to: list[str]
    subject: str
    text: str
    html: str

    @property
    def links(self) -> list[str]:
        """The addresses in the text, in order."""
        return re.findall(r"https?://\S+", self.text)

    @property
    def code(self) -> str:
        """The code in the text."""
        found = re.search(r"^[A-Z]{4}-[A-Z]{4}$", self.text, re.MULTILINE)
        assert found, self.text
        return found.group()

    def path(self, part: str) -> str:
        """The path of the one link whose address holds ``part``."""
        (link,) = [link for link in self.links if part in link]
        return re.sub(r"^https?://[^/]+", "", link)


@dataclass
class PostOffice:
    """Takes every message; while ``closed``, refuses each with 451."""

    letters: list[Letter] = field(default_factory=list)
    closed: bool = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """aiosmtpd's callback for one message."""
        if self.closed:
            return "451 Try again later"
        parsed: Message = message_from_bytes(envelope.content, policy=default)
        bodies = {part.get_content_type(): part.get_content() for part in parsed.walk() if not part.is_multipart()}
        text, html = (bodies[kind].replace("\r\n", "\n") for kind in ("text/plain", "text/html"))
        letter = Letter(list(envelope.rcpt_tos), str(parsed["Subject"]), text, html)
        self.letters.append(letter)
        return "250 Taken"

    def to(self, address: str) -> list[Letter]:
        """What an address has got, oldest first."""
        return [letter for letter in self.letters if address in letter.to]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server(Controller):
    """The post office on a port of its own."""

    def __init__(self, office: PostOffice) -> None:
        super().__init__(office, hostname="127.0.0.1", port=free_port())
        self.office = office
