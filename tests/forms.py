"""Forms as they stand on a page, to be sent back by a test."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form of a page: where it goes, and what it would send as it stands. ``ids`` are fields that hold a number."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "select":
            self._select = given.get("name")
        elif tag == "option" and self._select:
            self._take(self._select, given.get("value", ""))
        elif tag in ("input", "button", "textarea") and given.get("name") and given.get("type") != "file":
            self._take(given["name"], given.get("value", ""))

    def _take(self, name: str, value: str) -> None:
        assert self._form is not None
        if name == "csrfmiddlewaretoken":
            return
        self._form.values.setdefault(name, value)
        if value.isdecimal() and name not in self._form.ids:
            self._form.ids.append(name)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None


def forms_of(page: str) -> list[Form]:
    """Every form of a page, in order."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms
