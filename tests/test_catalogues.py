"""Every string of the interface in every language, with its placeholders. Extracted here without gettext's programs."""

import io
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[a-z]|%[sd]|%%|\{[a-z_]*\}")
Key = tuple[str, str]
"""Context and message; of a plural its singular."""


def sources() -> Iterator[Path]:
    """Code and templates, as git knows them: tracked, and new ones it does not ignore."""
    root = Path(settings.BASE_DIR)
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py", "templates"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.splitlines():
        if not name.startswith(("tests/", "benchmarks/")) and (root / name).exists():
            yield root / name


def in_code(text: str) -> Iterator[Key]:
    """The messages of Python code."""
    for _line, function, messages, _comments in extract_python(io.BytesIO(text.encode()), list(KEYWORDS), [], {}):
        found = list(messages) if isinstance(messages, (tuple, list)) else [messages]
        context = ""
        if function in ("pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"):
            context, *found = found
        if found and found[0]:
            yield str(context), str(found[0])


def in_template(text: str) -> Iterator[Key]:
    """The messages of a template: Django turns its tags into calls, and the rest into filling."""
    calls = re.findall(r"""\b(?:n?p?gettext|_)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)""", templatize(text))
    for call in calls:
        # Filling between the tags is letters X; only calls that are Python are messages.
        yield from in_code(f"{call}\n")


@pytest.fixture(scope="module")
def used() -> set[Key]:
    """Every message of the source."""
    found: set[Key] = set()
    for path in sources():
        text = path.read_text(encoding="utf-8")
        found |= set(in_code(text) if path.suffix == ".py" else in_template(text))
    assert len(found) > 500
    return found


def catalogue(language: str) -> Catalog:
    path = Path(settings.BASE_DIR) / "locale" / language / "LC_MESSAGES" / "django.po"
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def key(message: Message) -> Key:
    first = message.id if isinstance(message.id, str) else message.id[0]
    return message.context or "", first


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language: str, used: set[Key]) -> None:
    translated = {key(message) for message in catalogue(language) if message.id and all(_strings(message))}
    assert sorted(used - translated) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_left_over_or_doubtful(language: str, used: set[Key]) -> None:
    messages = [message for message in catalogue(language) if message.id]
    assert [message.id for message in messages if message.fuzzy] == []
    assert sorted({key(message) for message in messages} - used) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_kept(language: str) -> None:
    for message in catalogue(language):
        if not message.id:
            continue
        wanted = [message.id] if isinstance(message.id, str) else list(message.id)
        for string in _strings(message):
            allowed = [sorted(PLACEHOLDER.findall(text)) for text in wanted]
            assert sorted(PLACEHOLDER.findall(string)) in allowed, (message.id, string)


def _strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)
