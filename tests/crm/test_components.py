"""Components write out what people typed as text, once escaped, never as markup."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django_cotton.compiler_regex import CottonCompiler

EVIL = "\"><script>go()</script>' onload=go() {{ secret }} &amp;"

SOURCES = {
    "button": '<c-button title="{{ evil }}" key="{{ evil }}" href="{{ evil }}">{{ evil }}</c-button>',
    "icon-button": '<c-icon-button icon="x" label="{{ evil }}" />',
    "field": (
        '<c-field label="{{ evil }}" name="a" value="{{ evil }}" hint="{{ evil }}" error="{{ evil }}"'
        ' prefix="{{ evil }}" />'
    ),
    "textarea": '<c-field label="a" name="a" value="{{ evil }}" rows="2" placeholder="{{ evil }}" />',
    "select": '<c-select label="{{ evil }}" name="a" :options="options" value="{{ evil }}" />',
    "combobox": '<c-combobox label="{{ evil }}" name="a" :options="options" value="{{ evil }}" />',
    "remote": '<c-combobox label="{{ evil }}" name="a" url="{{ evil }}" text="{{ evil }}" value="{{ evil }}" />',
    "checkbox": '<c-checkbox label="{{ evil }}" name="a" value="{{ evil }}" hint="{{ evil }}" />',
    "chip": '<c-chip label="{{ evil }}" remove="{{ evil }}">{{ evil }}</c-chip>',
    "badge": '<c-badge tone="{{ evil }}">{{ evil }}</c-badge>',
    "avatar": '<c-avatar name="{{ evil }}" />',
    "alert": '<c-alert title="{{ evil }}">{{ evil }}</c-alert>',
    "fold": '<c-fold title="{{ evil }}" note="{{ evil }}" open>{{ evil }}</c-fold>',
    "panel": (
        '<c-panel title="{{ evil }}" count="{{ evil }}">{{ evil }}<c-slot name="actions">{{ evil'
        ' }}</c-slot></c-panel>'
    ),
    "definition": '<c-definition term="{{ evil }}" edit="{{ evil }}">{{ evil }}</c-definition>',
    "timeline": (
        '<c-timeline-item title="{{ evil }}" href="{{ evil }}" when="{{ evil }}" amount="{{ evil }}"'
        ' by="{{ evil }}">{{ evil }}</c-timeline-item>'
    ),
    "table": '<c-table caption="{{ evil }}">{{ evil }}</c-table>',
    "menu": (
        '<c-menu id="m" label="{{ evil }}"><c-menu-item href="{{ evil }}" hint="{{ evil }}">{{ evil'
        ' }}</c-menu-item></c-menu>'
    ),
    "dialog": '<c-dialog id="d" title="{{ evil }}">{{ evil }}</c-dialog>',
    "palette-option": (
        '<c-palette-option href="{{ evil }}" name="{{ evil }}" phone="{{ evil }}" detail="{{ evil }}"'
        ' status="{{ evil }}" :flags="flags" />'
    ),
    "toast": '<c-toast undo="{{ evil }}">{{ evil }}</c-toast>',
    "progress": '<c-progress label="{{ evil }}" value="{{ evil }}" note="{{ evil }}" />',
    "stepper": '<c-stepper :steps="steps" current="2" />',
    "meter": '<c-meter label="{{ evil }}" value="{{ evil }}" />',
    "fact": '<c-fact label="{{ evil }}" href="{{ evil }}" note="{{ evil }}">{{ evil }}</c-fact>',
    "empty": '<c-empty title="{{ evil }}">{{ evil }}</c-empty>',
    "pagination": '<c-pagination next="{{ evil }}" summary="{{ evil }}" />',
    "bound": '<c-form :form="form" submit="{{ evil }}" cancel="{{ evil }}" />',
    "tab": '<c-tabs label="{{ evil }}"><c-tab href="{{ evil }}" count="{{ evil }}">{{ evil }}</c-tab></c-tabs>',
    "facts of data": '<c-choices legend="{{ evil }}" hint="{{ evil }}" error="{{ evil }}">{{ evil }}</c-choices>',
}  # fmt: skip


class Elements(HTMLParser):
    """Names of the elements and attributes of a piece of HTML, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _value in attrs}
        self.texts += [value for _name, value in attrs if value]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def render(source: str, **values: object) -> str:
    return Template(CottonCompiler().process("{% load ui %}" + source)).render(Context(values))


def form_of(value: str) -> forms.Form:
    class Sample(forms.Form):
        name = forms.CharField(label=value, help_text=value, max_length=2)
        choice = forms.ChoiceField(label=value, choices=[(value, value)], widget=forms.RadioSelect)
        tick = forms.BooleanField(label=value)

    sample = Sample({"name": value})
    sample.is_valid()
    return sample


@pytest.mark.parametrize("name", SOURCES)
def test_what_people_typed_stays_text(name: str) -> None:
    values = {
        "options": [(EVIL, EVIL)],
        "flags": [(EVIL, EVIL)],
        "steps": [{"label": EVIL, "url": EVIL}, {"label": EVIL}],
        "form": form_of(EVIL),
    }
    html = render(SOURCES[name], evil=EVIL, secret="told", **values)
    parsed = Elements()
    parsed.feed(html)
    assert "script" not in parsed.elements, html
    assert not {one for one in parsed.attributes if one.startswith("on") or "script" in one}, html
    assert "told" not in html
    assert "<c-" not in html


@pytest.mark.parametrize("name", SOURCES)
def test_an_ampersand_is_escaped_once(name: str) -> None:
    values = {
        "options": [("Ola & Co", "Ola & Co")],
        "flags": [("ok", "Ola & Co")],
        "steps": [{"label": "Ola & Co", "url": "?a=1&b=2"}, {"label": "Ola & Co"}],
        "form": form_of("Ola & Co"),
    }
    html = render(SOURCES[name], evil="Ola & Co", **values)
    assert "&amp;amp;" not in html, html


def test_flags_are_flags() -> None:
    assert " disabled" in render("<c-button disabled>a</c-button>")
    assert " disabled" in render('<c-button :disabled="locked">a</c-button>', locked=True)
    assert " disabled" not in render('<c-button :disabled="locked">a</c-button>', locked=False)
    assert "<button" in render('<c-button href="{{ url }}">a</c-button>', url="")
    assert 'aria-current="page"' in render('<c-tab href="#" :current="here">a</c-tab>', here=True)


def test_a_page_variable_does_not_leak_into_a_component() -> None:
    names = {
        "label",
        "title",
        "href",
        "icon",
        "value",
        "name",
        "tone",
        "count",
        "hint",
        "error",
        "kind",
        "size",
        "field",
    }
    html = render("<c-button>a</c-button><c-badge>b</c-badge><c-panel>c</c-panel>", **dict.fromkeys(names, "LEAK"))
    assert "LEAK" not in html


def test_every_component_is_covered() -> None:
    """All but those that only frame their slot."""
    frames = {"definitions", "timeline", "timeline_month", "facts", "menu_line", "menu_title", "palette_list", "mark"}
    elsewhere = {
        "chart",
        "date_range",
        "inline_edit",
        "bulk_bar",
        "sort_header",
        "switch",
        "radio",
        "palette_group",
        "labelled",
    }
    written = "\n".join(SOURCES.values())
    for path in (Path(settings.BASE_DIR) / "templates" / "cotton").glob("*.html"):
        if path.stem not in frames | elsewhere | {"bound_field", "form_errors"}:
            assert f"<c-{path.stem.replace('_', '-')}" in written, path.name
