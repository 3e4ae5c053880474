"""What servers and gateways answer, without whom it is about: addresses and numbers stand in their words. Pure."""

import re
from typing import Final

MASK: Final = "…"
_ADDRESS: Final = re.compile(r"""("[^"\r\n]{1,64}"|[^\s<>"'(),;:\[\]]+)(@|%40)[^\s<>"'(),;:\[\]]+""", re.IGNORECASE)
_NUMBER: Final = re.compile(
    r"(?:\+|%2B)[ (]*\d(?:[ ().-]{0,2}\d){5,}"  # With its country code, in any grouping.
    r"|\d{6,}"  # A long run: a number without one, or the middle of something nobody needs.
    r"|(?<![\d.])\d{2,4}(?:[ -]\d{2,4}){2,}(?![\d.])",  # In groups, as people write it. “550 5.7.1” is none.
    re.IGNORECASE,
)


def masked(words: str) -> str:
    """The words, with a mark in the place of every e-mail address and of every long run of digits.

    >>> masked("550 5.1.1 <kari.nord@example.com>: no such user; 30005 for +47 912 34 678")
    '550 5.1.1 <…@…>: no such user; 30005 for …'
    """
    return _NUMBER.sub(MASK, _ADDRESS.sub(f"{MASK}@{MASK}", words))
