"""Recipes: each makes a draft that can be turned on, and the templates it needs, once, in the business's languages."""

import pytest

from accounts.services.refusals import Refused
from automations.building.checking import definition_check
from automations.building.recipes import letters, recipe_use, recipes
from automations.building.services import automation_turn_on
from automations.definition import definition_read
from automations.models import Automation
from customers.fields.models import CustomField
from messaging.texts.models import Template, TemplateText
from tests.cast import House

pytestmark = pytest.mark.django_db
LANGUAGES = {"en", "nb", "da", "nl"}


def test_ten_recipes_are_told_in_every_language() -> None:
    assert len(recipes()) == 10
    for recipe in recipes().values():
        assert set(recipe.names) == set(recipe.abouts) == LANGUAGES
        for letter in recipe.letters:
            assert set(letters()[letter].drafts) == LANGUAGES, letter
        for words in [*recipe.words.values(), *([recipe.field] if recipe.field else [])]:
            assert set(words) >= LANGUAGES


@pytest.mark.parametrize("key", list(recipes()))
def test_a_recipe_makes_a_draft_that_can_be_turned_on(fjordstuen: House, key: str) -> None:
    fjordstuen.business.languages = ["nb", "da", "nl", "en"]
    fjordstuen.business.save()
    made = recipe_use(key=key, business=fjordstuen.business, member=fjordstuen.marketing)
    assert (made.state, made.recipe) == ("draft", key)
    assert made.name == recipes()[key].name_in(fjordstuen.business.language)
    assert definition_check(definition_read(made.draft)) == []
    assert automation_turn_on(automation_id=made.pk).state == "on"
    for template in Template.objects.all():
        assert set(TemplateText.objects.filter(template=template).values_list("language", flat=True)) == LANGUAGES


def test_templates_and_fields_are_made_once(fjordstuen: House) -> None:
    for name in ("First", "Second"):
        recipe_use(key="parking", business=fjordstuen.business, name=name)
    assert Automation.objects.count() == 2
    assert Template.objects.count() == 1
    field = CustomField.objects.get()
    assert (field.kind, field.target) == ("yes_no", "guest")
    first, second = Automation.objects.order_by("name")
    assert first.draft == second.draft


def test_a_name_that_is_taken_leaves_nothing_behind(fjordstuen: House) -> None:
    recipe_use(key="birthday", business=fjordstuen.business, name="Taken")
    before = Template.objects.count()
    with pytest.raises(Refused):
        recipe_use(key="again", business=fjordstuen.business, name="Taken")
    assert Template.objects.count() == before
    again = recipe_use(key="birthday", business=fjordstuen.business)
    twice = recipe_use(key="birthday", business=fjordstuen.business)
    assert again.name != twice.name
