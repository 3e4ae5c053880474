"""What no template may hold. The content security policy would refuse most of it in the browser, unseen by the reader;
the rest would be shown untranslated, unescaped, or not at all."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from django.template.base import Node, NodeList, TextNode
from django_cotton.compiler_regex import CottonCompiler, Tag

ROOT = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(path for path in ROOT.rglob("*") if path.suffix in {".html", ".txt"})
PAGES = [path for path in TEMPLATES if path.suffix == ".html"]
COMPONENTS = sorted((ROOT / "cotton").glob("*.html"))

SAFE_ALLOWED: frozenset[str] = frozenset()
"""Templates that may use ``|safe``, each with the reason why its value cannot come from data."""

UNTRANSLATED_ALLOWED = ("styleguide", "api/")
"""The style guide speaks to those who build pages; its texts are samples. The API's page speaks to programmers, in the
English of the description it is made from; what stands around it is translated, and the rest marked as English."""

WORDS_WITHOUT_TRANSLATION = {"Innkeeper", "Ctrl", "Enter", "Esc", "CSV", "XLSX", "SMS", "ID", "VIP", "px"}

SPOKEN_ATTRIBUTES = {
    "title", "placeholder", "aria-label", "aria-description", "alt", "label", "hint", "legend", "term", "caption",
    "summary", "text", "submit", "note", "data-one", "data-many", "data-none", "data-key-label",
}  # fmt: skip

BANS = {
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)", re.I),
    "an inline stylesheet": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "hx-on": re.compile(r"\bhx-on\b", re.I),
    "a js: value": re.compile(r"=\s*[\"']\s*(?:js|javascript):", re.I),
    "a trigger filter": re.compile(r"hx-trigger(?::\w+)*\s*=\s*(\"[^\"]*\[|'[^']*\[)", re.I),
    "autoescape off": re.compile(r"{%\s*autoescape\s+off"),
}
_ALWAYS_THERE = {"attrs", "slot", "forloop", "csrf_token", "request", "None", "True", "False"}
SAFE = re.compile(r"\|\s*(?:safe|safeseq)\b")
DJANGO = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.S)
COMMENT = re.compile(r"{%\s*comment\b.*?{%\s*endcomment\s*%}|{#.*?#}|<!--.*?-->", re.S)
TRANSLATED = re.compile(r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", re.S)
FORM = re.compile(r"<(?:c-)?form\b([^>]*)>(.*?)</(?:c-)?form>", re.S | re.I)


BY_TOKEN = ("portal/",)
"""Guests' pages: nobody signs in there and no cookie tells who they are; the token in the address does, which no other
site knows."""


def problems(text: str) -> list[str]:
    """What :data:`BANS` finds in a template's source."""
    source = COMMENT.sub("", text)
    # A value is a placeholder here, so that a ">" inside a tag of Django's does not end the element.
    source = DJANGO.sub(lambda match: "∎" if match[0].startswith("{{") else match[0].replace(">", "≻"), source)
    return [name for name, pattern in BANS.items() if pattern.search(source)]


class _Spoken(HTMLParser):
    """Gathers what a reader would see or hear of a template whose Django parts are gone."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._attributes(attrs)
        if tag in {"code", "kbd", "style", "script", "svg"}:
            self.silent += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._attributes(attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"code", "kbd", "style", "script", "svg"}:
            self.silent = max(0, self.silent - 1)

    def handle_data(self, data: str) -> None:
        if not self.silent and _has_words(data):
            self.found.append(data.strip())

    def _attributes(self, attrs: list[tuple[str, str | None]]) -> None:
        self.found.extend(
            f'{name}="{value}"' for name, value in attrs if name in SPOKEN_ATTRIBUTES and value and _has_words(value)
        )


def _has_words(text: str) -> bool:
    return any(word not in WORDS_WITHOUT_TRANSLATION for word in re.findall(r"[^\W\d_]{2,}", text))


def untranslated(text: str) -> list[str]:
    """Visible text and spoken attributes that are written out instead of translated."""
    source = TRANSLATED.sub("", COMMENT.sub("", text))
    source = re.sub(r"<!doctype[^>]*>", "", source, flags=re.I)
    parser = _Spoken()
    parser.feed(DJANGO.sub("", source))
    parser.close()
    return parser.found


def component_tags(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every ``<c-…>`` opened in a template, with its attributes as they stand."""
    source, hidden = CottonCompiler().exclude_ignorables(COMMENT.sub("", text))
    for match in Tag.tag_pattern.finditer(source):
        tag = Tag(match)
        if not tag.is_closing:
            attributes = {
                found[1]: next(
                    (CottonCompiler().restore_ignorables(part, hidden) for part in found.group(3, 4) if part), ""
                )
                for found in Tag.attr_pattern.finditer(tag.attrs)
            }
            yield tag.tag_name.removeprefix("c-"), attributes


def declared(component: str) -> set[str]:
    """The properties that a component declares in its ``<c-vars>``."""
    text = (ROOT / "cotton" / f"{component.replace('-', '_')}.html").read_text(encoding="utf-8")
    for name, attributes in component_tags(text):
        if name == "vars":
            return {key.removeprefix(":") for key in attributes}
    return set()


def loose_attributes(text: str) -> list[str]:
    """Objects handed over (``:name="…"``) to attributes that are passed through, where nothing would escape them."""
    return [
        f"<c-{component} {key}>"
        for component, attributes in component_tags(text)
        if component not in {"vars", "slot"}
        for key in attributes
        if key.startswith(":") and key != ":attrs" and key[1:] not in declared(component)
    ]


def unguarded_forms(text: str) -> list[str]:
    """Forms that post without a token."""
    return [
        f"<form{opening}>"
        for opening, content in FORM.findall(COMMENT.sub("", text))
        if re.search(r"method=[\"']?post", opening, re.I) and "csrf_token" not in content and "data-bulk" not in opening
    ]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template_keeps_the_policy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    # Plain text is not HTML: an escaped apostrophe would be read as it stands.
    assert [one for one in problems(text) if path.suffix == ".html" or one != "autoescape off"] == []
    if name(path) not in SAFE_ALLOWED:
        assert not SAFE.search(COMMENT.sub("", text)), "|safe: escape the value, or say why it is safe in SAFE_ALLOWED"


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_template_speaks_every_language(path: Path) -> None:
    if not name(path).startswith(UNTRANSLATED_ALLOWED):
        assert untranslated(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_template_uses_components_as_declared(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert loose_attributes(text) == []
    if not name(path).startswith(BY_TOKEN):
        assert unguarded_forms(text) == []


def _texts(nodes: NodeList) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, TextNode):
            yield node.s
        for attribute in ("nodelist", *getattr(node, "child_nodelists", ())):
            inner = getattr(node, attribute, None)
            if isinstance(inner, NodeList):
                yield from _texts(inner)
        for _condition, branch in getattr(node, "conditions_nodelists", ()):
            yield from _texts(branch)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_template_compiles_and_leaves_no_component_behind(path: Path) -> None:
    compiled = engines["django"].get_template(name(path)).template
    assert not [text for text in _texts(compiled.nodelist) if "<c-" in text or "</c-" in text]


@pytest.mark.parametrize("path", COMPONENTS, ids=name)
def test_component_declares_what_it_reads(path: Path) -> None:
    """A component sees its page's variables too: one that is not declared would leak in from there."""
    known = {key.replace("-", "_") for key in declared(path.stem)} | _ALWAYS_THERE
    compiled = engines["django"].get_template(name(path)).template
    read = set(_variables(compiled.nodelist))
    bound = set(re.findall(r"\bas (\w+)|\b(\w+)=[\"'\w]", path.read_text(encoding="utf-8")))
    assigned = {part for pair in bound for part in pair} | _loop_names(path)
    assert read - known - assigned == set()


def _loop_names(path: Path) -> set[str]:
    found = re.findall(r"{%\s*for ([\w, ]+) in", path.read_text(encoding="utf-8"))
    return {part.strip() for names in found for part in names.split(",")}


def _variables(nodes: NodeList) -> Iterator[str]:
    for node in nodes:
        for attribute in ("filter_expression", "sequence"):
            expression = getattr(node, attribute, None)
            lookups = getattr(getattr(expression, "var", None), "lookups", None)
            if lookups:
                yield lookups[0]
        for attribute in ("nodelist", *getattr(node, "child_nodelists", ())):
            inner = getattr(node, attribute, None)
            if isinstance(inner, NodeList):
                yield from _variables(inner)
        for condition, branch in getattr(node, "conditions_nodelists", ()):
            yield from _condition_names(condition)
            yield from _variables(branch)


def _condition_names(condition: object) -> Iterator[str]:
    lookups = getattr(getattr(getattr(condition, "value", None), "var", None), "lookups", None)
    if lookups:
        yield lookups[0]
    for side in ("first", "second"):
        inner = getattr(condition, side, None)
        if inner is not None:
            yield from _condition_names(inner)


@pytest.mark.parametrize("path", COMPONENTS, ids=name)
def test_component_is_described(path: Path) -> None:
    words = (Path(settings.BASE_DIR) / "docs" / "design.md").read_text(encoding="utf-8")
    assert f"<c-{path.stem.replace('_', '-')}" in words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<script>go()</script>", "an inline script"),
        ("<script defer src=\"{% static 'app.js' %}\"></script>", None),
        ("<style>p{}</style>", "an inline stylesheet"),
        ('<p class="a" style="color:red">', "a style attribute"),
        ('<p {% if a > 1 %}class="b"{% endif %} style="color:red">', "a style attribute"),
        ("<p>a style=1</p>", None),
        ('<button onclick="go()">', "an event handler"),
        ('<a data-one="on = off">', None),
        ('<div hx-on:click="go()">', "hx-on"),
        ('<a href="javascript:go()">', "a js: value"),
        ("<div hx-vals='js:{a: 1}'>", "a js: value"),
        ('<input hx-trigger="keyup[key==1]">', "a trigger filter"),
        ('<input hx-trigger="input changed delay:90ms">', None),
        ("{% autoescape off %}{{ a }}{% endautoescape %}", "autoescape off"),
        ("{# <script>go()</script> #}", None),
    ],
)
def test_bans_find_what_they_are_for(text: str, found: str | None) -> None:
    assert problems(text) == ([found] if found else [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<p>Save guest</p>", ["Save guest"]),
        ('<p>{% translate "Save guest" %}</p>', []),
        ("<p>{% blocktranslate %}Hello {{ name }}{% endblocktranslate %}</p>", []),
        ('<c-button label="Save guest" />', ['label="Save guest"']),
        ("<c-button label=\"{% translate 'Save guest' %}\" />", []),
        ('<img alt="A fjord">', ['alt="A fjord"']),
        ("<kbd>Enter</kbd> · 14 <code>abc</code>", []),
        ("{% if a %}yes{% endif %}", ["yes"]),
    ],
)
def test_untranslated_finds_what_it_is_for(text: str, found: list[str]) -> None:
    assert untranslated(text) == found


def test_loose_attributes_finds_what_it_is_for() -> None:
    assert loose_attributes('<c-button :title="guest.name">') == ["<c-button :title>"]
    assert loose_attributes('<c-button title="{{ guest.name }}" :disabled="locked">') == []


def test_unguarded_forms_finds_what_it_is_for() -> None:
    assert unguarded_forms('<form method="post"><button></button></form>') == ['<form method="post">']
    assert unguarded_forms('<form method="post">{% csrf_token %}</form><form method="get"></form>') == []


def test_text_nodes_are_found_everywhere() -> None:
    source = "{% if a %}<c-lost{% else %}{% for b in c %}</c-lost{% endfor %}{% endif %}"
    template = engines["django"].from_string(source).template
    assert {"<c-lost", "</c-lost"} <= set(_texts(template.nodelist))
    assert isinstance(template.nodelist[0], Node)
