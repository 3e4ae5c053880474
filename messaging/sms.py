"""How many parts an SMS takes (3GPP TS 23.038 and 23.040), as gateways count and charge them. Pure.

A text whose characters are all in the GSM 7-bit alphabet has 160 units in one part; any other is sent as UCS-2, 70
units in one part. A longer text loses room in every part to the header that joins them: 153 and 67. Characters of the
GSM extension table take two units, as do those beyond the basic plane in UCS-2; neither is ever split between parts.
"""

from typing import Final, NamedTuple

GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
_GSM: Final = GSM_BASIC | GSM_EXTENSION
_ROOM: Final = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
"""Units of a text in one part, and of each of several."""


class Segments(NamedTuple):
    """What a text takes as an SMS.

    ``encoding`` is ``GSM-7`` or ``UCS-2``; ``units`` the text's own length in it; ``parts`` what is charged, 0 for no
    text; ``left`` the units that still fit into the last part.
    """

    encoding: str
    units: int
    parts: int
    left: int


def segments(text: str) -> Segments:
    """Count ``text`` as it is sent: whoever calls has made its line ends ``\\n``."""
    letters = set(text)
    is_gsm = letters <= _GSM
    encoding = "GSM-7" if is_gsm else "UCS-2"
    double = letters & GSM_EXTENSION if is_gsm else {each for each in letters if ord(each) > 0xFFFF}
    units, (alone, joined) = len(text) + sum(map(text.count, double)), _ROOM[encoding]
    if units <= alone:
        return Segments(encoding, units, 1 if text else 0, alone - units)
    if not double:
        return Segments(encoding, units, -(-units // joined), -units % joined)
    parts, left = 1, joined
    for character in text:
        width = 2 if character in double else 1
        if width > left:
            parts, left = parts + 1, joined
        left -= width
    return Segments(encoding, units, parts, left)


def beyond_gsm(text: str) -> tuple[str, ...]:
    """The characters that make the text UCS-2, each once, in their order."""
    return tuple(dict.fromkeys(each for each in text if each not in _GSM))
