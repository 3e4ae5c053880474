"""Automations to begin with: choosing one makes a draft and the templates it needs, each once, in one transaction."""

import copy
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from accounts.models import Business, Member
from automations.building.services import automation_create, free_name
from automations.models import Automation
from customers.card.models import Tag
from customers.fields.models import CustomField
from customers.fields.setup import field_add
from messaging.texts.checking import Draft
from messaging.texts.models import Template
from messaging.texts.services import template_create
from messaging.texts.starters import Starter, languages_of, starters

_HERE: Final = Path(__file__).parent
_LANGUAGES: Final = ("en", "nb", "da", "nl")
Words = Mapping[str, str]


@dataclass(frozen=True)
class Recipe:
    """An automation to begin with. ``letters`` are the keys of the templates it needs; ``field`` what its yes-or-no
    field of guests is called, by language."""

    key: str
    icon: str
    names: Words
    abouts: Words
    definition: Mapping[str, Any]
    words: Mapping[str, Words]
    field: Words | None = None

    def name_in(self, language: str) -> str:
        """What it is called there."""
        return in_language(self.names, language)

    def about_in(self, language: str) -> str:
        """What it does, in a sentence or two."""
        return in_language(self.abouts, language)

    @property
    def letters(self) -> list[str]:
        """The templates it needs, in the order of its steps."""
        return [step["letter"] for step in self.definition["steps"] if "letter" in step]


def in_language(words: Words, language: str) -> str:
    """The words of a language, or of English."""
    return words.get(language) or words["en"]


@cache
def recipes() -> dict[str, Recipe]:
    """Every recipe by its key, in the order they are offered."""
    told = tomllib.loads((_HERE / "recipes.toml").read_text(encoding="utf-8"))
    return {key: _recipe(key, values) for key, values in told.items()}


@cache
def letters() -> dict[str, Starter]:
    """Every template that recipes need, by its key: those of messaging, and their own."""
    told = tomllib.loads((_HERE / "letters.toml").read_text(encoding="utf-8"))
    return {**starters(), **{key: _letter(key, values) for key, values in told.items()}}


def recipe_use(*, key: str, business: Business, name: str = "", member: Member | None = None) -> Automation:
    """Make a draft of a recipe, with the templates it needs unless they are there already.

    Raises ``KeyError`` for one that there is not, and :class:`~accounts.services.refusals.Refused`.
    """
    recipe = recipes()[key]
    with transaction.atomic():
        definition = copy.deepcopy(dict(recipe.definition))
        car = _field(recipe, business, member) if recipe.field is not None else ""
        for step in definition["steps"]:
            _filled(step, recipe, business, member)
            if "tree" in step:
                step["tree"] = _placed(step["tree"], lambda text: text.replace("{car}", f"own.{car}"))
        named = name or free_name(recipe.name_in(business.language))
        return automation_create(name=named, definition=definition, recipe=key, member=member)


def _filled(step: dict[str, Any], recipe: Recipe, business: Business, member: Member | None) -> None:
    """Ids and words in the place of keys."""
    if "letter" in step:
        step["template"] = _template(letters()[step.pop("letter")], business, member).pk
    if "tag" in step:
        tag = Tag.objects.filter(code=step.pop("tag")).first()
        step |= {"tag": tag.pk} if tag is not None else {}
    if "words" in step:
        step["title"] = in_language(recipe.words[step.pop("words")], business.language)


def _template(letter: Starter, business: Business, member: Member | None) -> Template:
    """The template of a letter: the one that has its name in the business's language, else a new one."""
    name = letter.name_in(business.language)
    found = Template.objects.filter(name=name, channel=letter.channel, is_archived=False).first()
    return found or template_create(
        name=name,
        channel=letter.channel,
        purpose=letter.purpose,
        texts=letter.drafts_in(languages_of(business)),
        member=member,
    )


def _field(recipe: Recipe, business: Business, member: Member | None) -> str:
    """The key of the field that a recipe asks for: one that has its name in any language, else a new one."""
    assert recipe.field is not None  # noqa: S101 - the caller has looked
    wanted = {recipe.field["key"].casefold(), *(word.casefold() for word in recipe.field.values())}
    yes_no = CustomField.Kind.YES_NO.value
    own = CustomField.objects.filter(target=CustomField.Target.GUEST, kind=yes_no, is_archived=False)
    for field in own.order_by("position", "id"):
        if {field.key.casefold(), field.label.casefold()} & wanted:
            return field.key
    label = in_language(recipe.field, business.language)
    return field_add(target=CustomField.Target.GUEST.value, kind=yes_no, label=label, member=member).key


def _placed(value: Any, change: Callable[[str], str]) -> Any:
    """JSON with every text of it changed."""
    if isinstance(value, dict):
        return {key: _placed(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_placed(each, change) for each in value]
    return change(value) if isinstance(value, str) else value


def _recipe(key: str, told: Mapping[str, Any]) -> Recipe:
    texts = {language: told[language] for language in _LANGUAGES}
    return Recipe(
        key=key,
        icon=told["icon"],
        names={language: text["name"] for language, text in texts.items()},
        abouts={language: text["about"] for language, text in texts.items()},
        definition=told["definition"],
        words=told.get("words", {}),
        field=told.get("field"),
    )


def _letter(key: str, told: Mapping[str, Any]) -> Starter:
    texts = {language: told[language] for language in _LANGUAGES}
    return Starter(
        key=key,
        channel=told["channel"],
        purpose=told["purpose"],
        names={language: text["name"] for language, text in texts.items()},
        drafts={language: _draft(text) for language, text in texts.items()},
    )


def _draft(text: Mapping[str, Any]) -> Draft:
    blocks = [dict(zip(("kind", "text", "link"), parts, strict=False)) for parts in text.get("parts", [])]
    return Draft(text.get("subject", ""), text.get("preheader", ""), tuple(blocks), text.get("body", ""))
