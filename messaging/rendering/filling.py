"""Placeholders filled: what stands in their place, and which had nothing to stand there."""

import re
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote

from messaging.rendering.inline import SCHEMES
from messaging.rendering.placeholders import NAMES, Placeholder
from messaging.rendering.values import Values, shown

_NOTHING: Final = "\x00"
_AROUND_NOTHING = re.compile(r"[ \u00a0]*\x00+(?=[\s,.!?;:)]|\Z)|(?<![^\n(])\x00+[ \u00a0]*|\x00+")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_RARE_SPACES: Final = str.maketrans(dict.fromkeys("\u00a0\u2009\u202f", " "))


class Filling:
    """Fills the placeholders of one message and remembers what was missing, in order, each once."""

    def __init__(
        self, values: Values, language: str, *, is_sms: bool = False, tracked: Callable[[str], str] | None = None
    ) -> None:
        self.language = language
        self._values = values
        self._is_sms = is_sms
        self._tracked = tracked
        self._missing: dict[str, None] = {}

    @property
    def missing(self) -> tuple[str, ...]:
        """The placeholders that had neither a value nor words for when there is none."""
        return tuple(self._missing)

    def words(self, parts: Sequence[str | Placeholder]) -> str:
        """The parts as one text. Where nothing stands, the space before it goes too: ``Dear ,`` is ``Dear,``."""
        filled = "".join(self._part(part) for part in parts)
        return _AROUND_NOTHING.sub("", filled) if _NOTHING in filled else filled

    def line(self, parts: Sequence[str | Placeholder]) -> str:
        """The same as one line: a subject cannot end its header."""
        return " ".join(self.words(parts).split())

    def target(self, parts: Sequence[str | Placeholder]) -> str:
        """Where a link leads; empty when it leads nowhere. Values inside an address are quoted.

        An address that the business wrote goes through what counts clicks, when the message has that; the way out of
        the messages never does.
        """
        if len(parts) == 1 and isinstance(parts[0], Placeholder):
            return self._own_link(parts[0])
        address = "".join(part if isinstance(part, str) else quote(self._value(part), safe="") for part in parts)
        address = _quoted(address)
        if not address.lower().startswith(SCHEMES):
            return ""
        is_web = address.lower().startswith(("https://", "http://"))
        return self._tracked(address) if self._tracked and is_web else address

    def source(self, address: str) -> str:
        """Where a picture is. It is fetched without anybody pressing anything, so it never counts as a click."""
        address = _quoted(address)
        return address if address.lower().startswith(SCHEMES) else ""

    def _own_link(self, placeholder: Placeholder) -> str:
        address = self._value(placeholder) if NAMES.get(placeholder.name) == "link" else ""
        return address if address.lower().startswith(("https://", "http://")) else ""

    def _part(self, part: str | Placeholder) -> str:
        return _CONTROL.sub("", part) if isinstance(part, str) else self._value(part) or _NOTHING

    def _value(self, placeholder: Placeholder) -> str:
        value = self._values.get(placeholder.name)
        text = shown(value, self.language, is_short=self._is_sms) if value is not None else ""
        text = _CONTROL.sub("", text).strip()
        if not text:
            if placeholder.fallback is None:
                self._missing[placeholder.name] = None
            text = _CONTROL.sub("", placeholder.fallback or "")
        # Of the spaces that CLDR writes into amounts and dates none is in the alphabet of SMS.
        return text.translate(_RARE_SPACES) if self._is_sms else text


def _quoted(address: str) -> str:
    return quote(_CONTROL.sub("", address), safe="%/:?#[]@!$&'()*+,;=~-._")
