"""How people, companies, streets, addresses and numbers of one language look, drawn by weight.

The data files list names from the most common down; the weight of rank r follows Zipf and Mandelbrot,
1 / (r + shift) ^ exponent. A share of the family names is put together from parts, as farm and place names are, so that
a large register has the long tail a real one has.
"""

import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple, TypeVar

from customers.normalise import fold
from customers.normalise.phone import is_placeholder

T = TypeVar("T")

Draw = Callable[[], float]
"""A source of numbers in [0, 1): ``random.Random(seed).random``."""

LANGUAGES: Final = ("nb", "da", "nl", "de", "sv", "en")
_TABLE_SIZE: Final = 8192


class Number(NamedTuple):
    """A telephone number as typed, in E.164, and its national digits."""

    typed: str
    e164: str
    national: str


class Address(NamedTuple):
    """Where somebody lives."""

    street: str
    postal_code: str
    city: str


def weighted(names: Sequence[str], shift: float, exponent: float) -> tuple[str, ...]:
    """A table in which each name stands as often as its rank's weight says, at least once."""
    weights = [(rank + shift) ** -exponent for rank in range(1, len(names) + 1)]
    scale = _TABLE_SIZE / sum(weights)
    return tuple(
        name for name, weight in zip(names, weights, strict=True) for _ in range(max(1, round(weight * scale)))
    )


def _listed(text: str, separator: str = ",") -> tuple[str, ...]:
    """The parts of a list written over several lines, each once."""
    return tuple(dict.fromkeys(" ".join(part.split()) for part in text.split(separator) if part.strip()))


def ascii_spelling(text: str) -> str:
    """Letters as they are typed on a foreign keyboard: ``Bjørg Åsen`` is ``Bjorg Asen``."""
    return text.translate(_PLAIN)


_PLAIN = str.maketrans(
    {
        **dict.fromkeys("ÅÄ", "A"), **dict.fromkeys("åä", "a"), **dict.fromkeys("ØÖ", "O"), **dict.fromkeys("øö", "o"),
        "Æ": "Ae", "æ": "ae", "Ü": "U", "ü": "u", "ß": "ss", "é": "e", "É": "E", "ë": "e", "ı": "i",
    }
)  # fmt: skip


class NameBook:
    """Everything of one language that guests are made of. ``draw`` decides, so that a seed repeats it all."""

    def __init__(self, language: str) -> None:
        text = resources.files("customers.sample").joinpath("data", f"{language}.toml").read_text("utf-8")
        data: dict[str, Any] = tomllib.loads(text)
        given, family, address = data["given"], data["family"], data["address"]
        phone, company = data["phone"], data["company"]
        self.language: str = data["language"]
        self.country: str = data["country"]
        self._given = [
            weighted(_listed(given[which]), given["shift"], given["exponent"]) for which in ("female", "male")
        ]
        self._second_share: float = given["second_share"]
        self._hyphen_share: float = given["hyphen_share"]
        self._family = weighted(_listed(family["names"]), family["shift"], family["exponent"])
        self._composed_share: float = family["composed_share"]
        self._starts, self._ends = _listed(family["starts"]), _listed(family["ends"])
        self._particles: list[str] = family["particles"] or [""]
        self._double_share: float = family["double_share"]
        self._double_hyphen: float = family["double_hyphen"]
        self._streets = _listed(address["streets"])
        self._pattern: str = address["pattern"]
        self._letters: str = address["letters"]
        self._places = _listed(address["places"])
        self._postal_letters: bool = address.get("postal_letters", False)
        self._code: str = phone["code"]
        self._trunk: str = phone["trunk"]
        self._mobile: list[str] = phone["mobile"]
        self._fixed: list[str] = phone["fixed"]
        self._formats = [_grouping(form) for form in phone["formats"]]
        self._domains = _listed(data["email"]["domains"])
        self._company_starts = _listed(company["starts"])
        self._company_ends = _listed(company["ends"])
        self._legal: list[str] = company["legal"]
        self.agencies = _listed(company["agencies"])
        self.notes = _listed(data["texts"]["notes"], "|")
        self.calls = _listed(data["texts"]["calls"], "|")
        self.tasks = _listed(data["texts"]["tasks"], "|")
        self.pinned = _listed(data["texts"]["pinned"], "|")
        priced = (entry.rpartition(":") for entry in _listed(data["texts"]["products"], "|"))
        self.products = [(name, float(price)) for name, _colon, price in priced]

    def given(self, draw: Draw, *, male: bool) -> str:
        """A given name, sometimes two: ``Anne-Marie``, ``Jan Erik``."""
        table = self._given[male]
        name = pick(table, draw)
        if draw() < self._second_share:
            second = pick(table, draw)
            if second != name:
                return f"{name}-{second}" if draw() < self._hyphen_share else f"{name} {second}"
        return name

    def family(self, draw: Draw) -> str:
        """A family name, sometimes double: ``Berg Hansen``, ``de Vries-Bakker``."""
        name = self._single_family(draw)
        if draw() < self._double_share:
            second = self._single_family(draw)
            if second != name:
                return f"{name}-{second}" if draw() < self._double_hyphen else f"{name} {second}"
        return name

    def _single_family(self, draw: Draw) -> str:
        if draw() >= self._composed_share:
            return pick(self._family, draw)
        start, end = pick(self._starts, draw), pick(self._ends, draw)
        while start.lower() == end or start[-1] == end[0] == end[1]:
            end = pick(self._ends, draw)
        return f"{pick(self._particles, draw)}{start}{end}"

    def company(self, draw: Draw) -> str:
        """A company's name with its legal form: ``Hardanger Elektro AS``, ``Berg & Lie Revisjon AS``."""
        legal, kind, way = pick(self._legal, draw), pick(self._company_ends, draw), draw()
        kind = kind.capitalize()
        if way < 0.35:
            return f"{pick(self._company_starts, draw)} {kind} {legal}"
        if way < 0.75:
            return f"{self._single_family(draw)} {kind} {legal}"
        return f"{self._single_family(draw)} & {self._single_family(draw)} {legal}"

    def agency(self, draw: Draw, number: int) -> str:
        """The travel agency of that number: first the well-known ones, then one for every place."""
        if number < len(self.agencies):
            return self.agencies[number]
        city = pick(self._places, draw).partition(" ")[2].lstrip("0123456789 ")
        return f"{city} {pick(self.agencies, draw)}"

    def address(self, draw: Draw) -> Address:
        """A postal address."""
        code, city = self._split_place(pick(self._places, draw))
        if self._postal_letters:
            code = f"{code} {'ABCDEGHJKLNPRTVXZ'[int(draw() * 17)]}{'ABCDEGHJKLNPRTVXZ'[int(draw() * 17)]}"
        # Low house numbers are commoner: every street has them.
        number = 1 + int(110 * draw() * draw())
        letter = self._letters[int(draw() * len(self._letters))].strip()
        street = self._pattern.format(street=pick(self._streets, draw), number=f"{number}{letter}")
        return Address(street, code, city)

    @staticmethod
    def _split_place(text: str) -> tuple[str, str]:
        """``111 20 Stockholm`` and ``SW4 7AA London``: a code of two words, else of one."""
        words = text.split(" ")
        size = 2 if len(words) > 2 and any(letter.isdigit() for letter in words[1]) else 1
        return " ".join(words[:size]), " ".join(words[size:])

    def phone(self, draw: Draw, *, home: bool, fixed: bool = False) -> Number:
        """A number that can exist; ``home``: typed as at home, else with its country code."""
        while True:
            pattern = pick(self._fixed if fixed else self._mobile, draw)
            if "+" in pattern:
                pattern = pattern.replace("+", str(1 + int(draw() * 9)))
            holes = pattern.count("#")
            national = pattern[:-holes] + str(int(draw() * 10**holes)).zfill(holes)
            if not is_placeholder(national):
                break
        e164 = f"+{self._code}{national}"
        way = draw()
        if home and way < 0.7:
            return Number(self._grouped(self._trunk + national, draw), e164, national)
        if way < 0.8:
            return Number(e164, e164, national)
        if way < 0.88:
            return Number(f"00{self._code}{national}", e164, national)
        return Number(f"+{self._code} {national[:3]} {national[3:]}", e164, national)

    def _grouped(self, digits: str, draw: Draw) -> str:
        parts, at = [], 0
        for width, separator in pick(self._formats, draw):
            parts.append(digits[at : at + width] + separator)
            at += width
        return "".join(parts) + digits[at:]

    def email(self, draw: Draw, given: str, family: str, *, number: str = "") -> str:
        """An address of one's own, at a provider that does not exist; ``number`` begins the digits after the name."""
        first = fold(given).split()
        last = fold(family).replace(" ", "")[:30]
        way = draw()
        if way < 0.45:
            local = f"{first[0]}.{last}"
        elif way < 0.65:
            local = f"{first[0]}{last}"
        elif way < 0.8:
            local = f"{first[0][0]}.{last}"
        else:
            local = f"{''.join(first)[:30]}{last[:1]}"
        if number or way < 0.3 or way > 0.75:
            local += number + str(int(1 + draw() * 98))
        return f"{local}@{pick(self._domains, draw)}"


def pick(table: Sequence[T], draw: Draw) -> T:
    """One of a table, each place equally likely."""
    return table[int(draw() * len(table))]


@cache
def name_book(language: str) -> NameBook:
    """The names of a language; its file is read once."""
    return NameBook(language)


def _grouping(form: str) -> tuple[tuple[int, str], ...]:
    """``3 2 *`` as ((3, " "), (2, " ")): how a number's digits are grouped when typed."""
    groups, width = [], ""
    for letter in form.rstrip("*"):
        if letter.isdigit():
            width += letter
        else:
            groups.append((int(width), letter))
            width = ""
    return tuple(groups)
