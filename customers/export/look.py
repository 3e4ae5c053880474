"""How a file looks: format, delimiter, encoding, decimal sign, language of the columns' names; and what suits whom."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from customers.export.models import Looks

CSV, XLSX = Looks.Format.CSV.value, Looks.Format.XLSX.value
DELIMITERS: Final[dict[str, Any]] = {";": _("Semicolon"), ",": _("Comma"), "\t": _("Tab")}
ENCODINGS: Final[dict[str, Any]] = {
    "utf-8-sig": _("UTF-8 with a mark for Excel"),
    "utf-8": _("UTF-8"),
    "cp1252": _("Windows-1252, for programs of long ago"),
}
DECIMALS: Final[dict[str, Any]] = {",": _("Comma: 12,50"), ".": _("Point: 12.50")}
HEADERS: Final = ("", "en", "nb", "da", "nl")
COMMA_LANGUAGES: Final = ("nb", "da", "nl")
"""Languages whose Excel parts cells by semicolons, because decimals have the comma."""


@dataclass(frozen=True)
class Look:
    """See the fields of :class:`~customers.export.models.Looks`."""

    format: str = CSV
    delimiter: str = ";"
    encoding: str = "utf-8-sig"
    decimal: str = "."
    header: str = ""

    @classmethod
    def of(cls, row: Looks) -> "Look":
        """The look that a row asks for."""
        return cls(row.format, row.delimiter, row.encoding, row.decimal, row.header)

    def values(self) -> dict[str, str]:
        """The same as the fields of a row."""
        return asdict(self)


PRESETS: Final[dict[str, tuple[Any, Any]]] = {
    "xlsx": (_("Excel workbook"), _("Dates, numbers and postal codes stay what they are. Opens in LibreOffice too.")),
    "excel": (_("CSV for Excel"), _("As Excel reads it where you are.")),
    "plain": (_("CSV for other programs"), _("Commas, UTF-8, names of columns as programs write them.")),
}
"""What is offered first: a name and whom it is for."""


def preset_look(preset: str, *, language: str) -> Look:
    """The look of a preset for a reader of ``language``; one that is not known is the first."""
    if preset == "plain":
        return Look(CSV, ",", "utf-8", ".", "")
    if preset == "excel":
        has_comma = language in COMMA_LANGUAGES
        return Look(CSV, ";" if has_comma else ",", "utf-8-sig", "," if has_comma else ".", language)
    return Look(format=XLSX, header=language)


def look_given(base: Look, given: Mapping[str, str]) -> Look:
    """``base`` with what else was chosen; names that are absent, empty or unknown change nothing.

    ``header`` is ``keys`` for names as programs write them, else a language.
    """
    known = {"delimiter": DELIMITERS, "encoding": ENCODINGS, "decimal": DECIMALS}
    for name, choices in known.items():
        if given.get(name) in choices:
            base = replace(base, **{name: given[name]})
    header = given.get("header")
    if header == "keys":
        return replace(base, header="")
    return replace(base, header=header) if header and header in HEADERS else base
