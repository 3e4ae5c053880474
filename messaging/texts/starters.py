"""Templates to begin with, in the languages a business writes in."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from accounts.models import Business, Member
from accounts.tenancy import business_scope
from messaging.texts.checking import Draft
from messaging.texts.models import Template
from messaging.texts.services import template_create

FILE = Path(__file__).with_name("starters.toml")


@dataclass(frozen=True)
class Starter:
    """A template to begin with; ``names`` and ``drafts`` by language."""

    key: str
    channel: str
    purpose: str
    names: dict[str, str]
    drafts: dict[str, Draft]

    def name_in(self, language: str) -> str:
        """What it is called there, in English where it has no such language."""
        return self.names.get(language, self.names["en"])

    def drafts_in(self, languages: Sequence[str]) -> dict[str, Draft]:
        """Its texts in these languages; the English one where it has none of them."""
        found = {language: self.drafts[language] for language in languages if language in self.drafts}
        return found or {"en": self.drafts["en"]}


@cache
def starters() -> dict[str, Starter]:
    """Every starter by its key, in the order they are offered."""
    return {key: _starter(key, told) for key, told in tomllib.loads(FILE.read_text(encoding="utf-8")).items()}


def languages_of(business: Business) -> list[str]:
    """The languages a business writes to guests in, its own first."""
    return list(dict.fromkeys([business.language, *business.languages]))


def starter_use(*, key: str, business: Business, name: str = "", member: Member | None = None) -> Template:
    """Make a template of a starter, in the business's languages.

    Raises ``KeyError`` for one that there is not, and :class:`~accounts.services.refusals.Refused` for a name that is
    taken.
    """
    starter = starters()[key]
    return template_create(
        name=name or starter.name_in(business.language),
        channel=starter.channel,
        purpose=starter.purpose,
        texts=starter.drafts_in(languages_of(business)),
        member=member,
    )


def demo_templates_ensure(*, business: Business) -> int:
    """Give a business of the demo every ready template, unless it has any; how many."""
    with business_scope(business.pk):
        if Template.objects.exists():
            return 0
        return len([starter_use(key=key, business=business) for key in starters()])


def _starter(key: str, told: dict[str, Any]) -> Starter:
    texts = {language: text for language, text in told.items() if isinstance(text, dict)}
    return Starter(
        key=key,
        channel=told["channel"],
        purpose=told["purpose"],
        names={language: text["name"] for language, text in texts.items()},
        drafts={language: _draft(text) for language, text in texts.items()},
    )


def _draft(text: dict[str, Any]) -> Draft:
    blocks = [
        dict(zip(("kind", "text", "link"), (part for part in parts), strict=False)) for parts in text.get("parts", [])
    ]
    return Draft(text.get("subject", ""), text.get("preheader", ""), tuple(blocks), text.get("body", ""))
