"""What DNS says of a domain. The one place that asks it; tests put another resolver in its stead."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import dns.exception
import dns.name
import dns.resolver

SECONDS: Final = 4.0
"""How long one question may take, all servers and repetitions together."""


_NOTHING: Final = (
    dns.resolver.NoAnswer,
    dns.resolver.NXDOMAIN,
    dns.name.LabelTooLong,
    dns.name.EmptyLabel,
    dns.name.NameTooLong,
)
"""There is no such thing, or cannot be one."""


class DnsAway(Exception):
    """DNS gave no answer: not that there is nothing, but that nobody said."""


class Resolver(Protocol):
    """Somebody to ask. An empty list: there is nothing of that name. Raises DnsAway."""

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name, each put together from its pieces."""

    def mail_servers(self, name: str) -> list[str]:
        """The hosts that take mail for a domain, best first; ``.`` says that it takes none (RFC 7505)."""

    def has_address(self, name: str) -> bool:
        """Whether a name has an address of its own."""


class SystemResolver:
    """The resolver of the system, by dnspython."""

    def texts(self, name: str) -> list[str]:
        """See :class:`Resolver`."""
        with _answers():
            return [b"".join(record.strings).decode("utf-8", "replace") for record in _ask(name, "TXT")]
        return []

    def mail_servers(self, name: str) -> list[str]:
        """See :class:`Resolver`."""
        with _answers():
            found = sorted(_ask(name, "MX"), key=lambda record: record.preference)
            return [record.exchange.to_text(omit_final_dot=True) or "." for record in found]
        return []

    def has_address(self, name: str) -> bool:
        """See :class:`Resolver`."""
        for kind in ("A", "AAAA"):
            with _answers():
                return bool(list(_ask(name, kind)))
        return False


def resolver() -> Resolver:
    """Whom to ask."""
    return SystemResolver()


def _ask(name: str, kind: str) -> dns.resolver.Answer:
    return dns.resolver.resolve(name.rstrip(".") + ".", kind, lifetime=SECONDS, search=False)


@contextmanager
def _answers() -> Iterator[None]:
    """Nothing of that name is an answer; silence is none."""
    try:
        yield
    except _NOTHING:
        return
    except dns.exception.DNSException as error:
        raise DnsAway(str(error)) from error
