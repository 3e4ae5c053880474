"""The pages of automations: list, recipes, the builder without script, turning on, versions."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from automations.building.recipes import recipe_use, recipes
from automations.building.services import automation_change, automation_turn_on
from automations.models import Automation
from customers.card.models import Tag
from messaging.texts.models import TemplateText
from tests.automations.houses import definition, wait
from tests.cast import House
from tests.messaging.campaigns.houses import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer(fjordstuen: House) -> Client:
    return signed_in(fjordstuen.marketing)


@pytest.fixture
def welcome(fjordstuen: House) -> Automation:
    return recipe_use(key="welcome", business=fjordstuen.business, name="Welcome")


def at(name: str, automation: Automation | None = None) -> str:
    more = {"automation_id": automation.pk} if automation is not None else {}
    return reverse(name, kwargs={"slug": "fjordstuen", **more})


def act(client: Client, automation: Automation, **values: Any) -> Any:
    automation.refresh_from_db()
    answer = client.post(at("automation_edit", automation), {"version": automation.version, **values})
    automation.refresh_from_db()
    return answer


def ids(automation: Automation) -> list[str]:
    return [step["id"] for step in automation.draft["steps"]]


def test_a_recipe_is_chosen_named_and_opened(fjordstuen: House, marketer: Client) -> None:
    assert "No automation yet" in marketer.get(at("automation_list")).content.decode()
    page = marketer.get(at("automation_new")).content.decode()
    for recipe in recipes().values():
        assert f'value="{recipe.key}"' in page
    answer = marketer.post(at("automation_new"), {"recipe": "invoice", "name": "Invoices"})
    made = Automation.objects.get()
    assert answer["Location"] == at("automation_edit", made)
    page = marketer.get(answer["Location"]).content.decode()
    assert "3 days after the due date of an invoice, at 10:00" in page
    assert "Day 7, 10:00" in page
    assert "Invoices" in marketer.get(at("automation_list")).content.decode()
    refused = marketer.post(at("automation_new"), {"recipe": "none", "name": "Invoices"})
    assert refused.status_code == 422
    assert "There is an automation called" in refused.content.decode()
    answer = marketer.post(at("automation_new"), {"recipe": "none", "name": "Empty"})
    assert "No step yet" in marketer.get(answer["Location"]).content.decode()


def test_steps_are_added_moved_and_removed_by_plain_forms(marketer: Client, welcome: Automation) -> None:
    answer = act(marketer, welcome, act="add:wait:")
    assert answer["Location"].endswith("?open=step.s2&focus=step-s2")
    page = marketer.get(answer["Location"]).content.decode()
    assert 'name="until"' in page
    answer = act(marketer, welcome, place="step.s2", until="duration", days="2", hours="3")
    assert welcome.draft["steps"][1]["wait"] == {"until": "duration", "days": 2, "hours": 3}
    assert "Wait 2 days 3 hours" in marketer.get(answer["Location"]).content.decode()
    act(marketer, welcome, act="up:s2")
    assert ids(welcome) == ["s2", "s1"]
    answer = act(marketer, welcome, act="down:s2")
    assert answer["Location"].endswith("?focus=step-s2-down")
    act(marketer, welcome, act="remove:s2")
    assert ids(welcome) == ["s1"]
    act(marketer, welcome, act="add:branch:")
    act(marketer, welcome, act="add:stop:s2.yes")
    assert welcome.draft["steps"][1]["yes"] == [{"id": "s3", "do": "stop"}]
    assert act(marketer, welcome, act="add:nonsense:").status_code == 404


def test_what_cannot_be_is_said_and_not_saved(marketer: Client, welcome: Automation) -> None:
    act(marketer, welcome, act="add:wait:")
    before = welcome.version
    answer = act(marketer, welcome, place="step.s2", until="duration", days="-3")
    assert answer.status_code == 422
    assert welcome.version == before


def test_every_kind_of_step_has_its_form(fjordstuen: House, marketer: Client, welcome: Automation) -> None:
    tag = Tag.objects.get(code="vip")
    for kind in ("tag", "untag", "field", "task", "sms", "only_if", "branch"):
        act(marketer, welcome, act=f"add:{kind}:")
        pk = ids(welcome)[-1]
        page = marketer.get(at("automation_edit", welcome) + f"?open=step.{pk}")
        assert page.status_code == 200
        assert 'id="part-form"' in page.content.decode(), kind
    act(marketer, welcome, place="step.s2", tag=tag.pk)
    act(marketer, welcome, place="step.s5", title="Call them", days="2", assignee=fjordstuen.reception.pk)
    assert welcome.draft["steps"][1]["tag"] == tag.pk
    assert welcome.draft["steps"][4]["title"] == "Call them"
    page = marketer.get(at("automation_edit", welcome)).content.decode()
    assert "Add the tag VIP" in page
    assert "Task: Call them" in page


def test_a_condition_is_built_where_it_stands(marketer: Client, welcome: Automation) -> None:
    act(marketer, welcome, act="add:only_if:")
    rule = {"rule": "1", "1-field": "language", "1-was": "language", "1-op": "any_of", "match": "all"}
    build = marketer.post(
        at("automation_build", welcome), {**rule, "place": "step.s2", "act": "add:", "version": welcome.version}
    )
    assert build.content.decode().count('name="rule"') == 2
    part = marketer.post(at("automation_build", welcome), {**rule, "act": "add:"}, headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<div class="builder')
    assert at("automation_build", welcome) in part.content.decode()
    refused = act(marketer, welcome, place="step.s2", **rule)
    assert refused.status_code == 422
    assert "Choose or write at least one value" in refused.content.decode()
    act(marketer, welcome, place="step.s2", **rule, **{"1-value": "nb"})
    assert welcome.draft["steps"][1]["tree"]["rules"][0]["value"] == ["nb"]
    act(marketer, welcome, place="only", **rule, **{"1-value": "nl"})
    act(marketer, welcome, place="exits.new", **rule, **{"1-value": "da"})
    assert welcome.draft["only"]["rules"][0]["value"] == ["nl"]
    assert [each["kind"] for each in welcome.draft["exits"]] == ["cancelled", "matches"]
    page = marketer.get(at("automation_edit", welcome)).content.decode()
    assert "Only guests with: Language: Dutch" in page
    act(marketer, welcome, act="drop:only")
    act(marketer, welcome, act="drop:exits.1")
    assert "only" not in welcome.draft
    assert [each["kind"] for each in welcome.draft["exits"]] == ["cancelled"]


def test_trigger_and_rules_are_changed(marketer: Client, welcome: Automation) -> None:
    page = marketer.get(at("automation_edit", welcome) + "?open=trigger").content.decode()
    assert 'name="kind"' in page
    act(marketer, welcome, place="trigger", kind="birthday", days="2", at="09:00", side="after", tag="")
    assert welcome.draft["trigger"] == {"kind": "birthday", "days": 2, "at": "09:00"}
    act(marketer, welcome, place="trigger", kind="invoice_due", days="2", at="09:00", side="before")
    assert welcome.draft["trigger"]["days"] == -2
    act(marketer, welcome, place="trigger", kind="consent_given", consent="newsletter.email")
    assert welcome.draft["trigger"] == {"kind": "consent_given", "purpose": "newsletter", "channel": "email"}
    rules = {"place": "rules", "rule": "after", "days": "30", "leave": ["booked", "paid"], "goal": "books"}
    act(marketer, welcome, **rules)
    assert welcome.draft["entry"] == {"rule": "after", "days": 30}
    assert [each["kind"] for each in welcome.draft["exits"]] == ["booked", "paid"]
    assert welcome.draft["goal"] == {"kind": "books"}
    act(marketer, welcome, place="name", name="Welcome home")
    assert welcome.name == "Welcome home"


def test_the_words_of_a_message_are_changed_beside_its_step(marketer: Client, welcome: Automation) -> None:
    template = welcome.draft["steps"][0]["template"]
    page = marketer.get(at("automation_edit", welcome) + "?open=step.s1").content.decode()
    assert 'name="words-subject"' in page
    words = {"words-of": template, "words-seen": "1", "words-subject": "See you soon", "words-1": "Dear guest, hello."}
    act(marketer, welcome, place="step.s1", template=template, expires="24", **words)
    text = TemplateText.objects.filter(template_id=template).latest("version")
    assert (text.version, text.subject, text.blocks[1]["text"]) == (2, "See you soon", "Dear guest, hello.")
    assert welcome.draft["steps"][0]["expires"] == 24
    refused = act(marketer, welcome, place="step.s1", template=template, expires="48", **{**words, "words-seen": "1"})
    assert refused.status_code == 422 or text.version == 2
    bad = {**words, "words-seen": "2", "words-subject": "Hello {guest.nobody}"}
    refused = act(marketer, welcome, place="step.s1", template=template, expires="36", **bad)
    assert refused.status_code == 422
    assert "Hello {guest.nobody}" in refused.content.decode()
    assert welcome.draft["steps"][0]["expires"] != 36, "the step is not saved without its words"


def test_of_two_editors_nothing_is_lost(marketer: Client, welcome: Automation) -> None:
    act(marketer, welcome, act="add:task:")
    stale = welcome.version
    automation_change(automation_id=welcome.pk, name="Hers")
    url = at("automation_edit", welcome)
    answer = marketer.post(url, {"version": stale, "place": "step.s2", "title": "Ring them up"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "A colleague has changed this automation meanwhile" in page
    assert "Ring them up" in page
    answer = marketer.post(url, {"version": stale, "act": "remove:s2"})
    assert "Nothing was done" in answer.content.decode()
    act(marketer, welcome, place="step.s2", title="Ring them up")
    assert welcome.draft["steps"][1]["title"] == "Ring them up"
    stale = welcome.version
    act(marketer, welcome, act="remove:s2")
    gone = marketer.post(url, {"version": stale, "place": "step.s2", "title": "Ring them up"}).content.decode()
    assert "A colleague has changed this automation meanwhile" in gone


def test_for_htmx_the_part_that_changes_comes_back(marketer: Client, welcome: Automation) -> None:
    answer = marketer.post(
        at("automation_edit", welcome), {"version": 1, "act": "add:tag:"}, headers={"HX-Request": "true"}
    )
    page = answer.content.decode()
    assert page.lstrip().startswith('<div class="automation')
    assert 'name="tag"' in page


def test_before_it_is_turned_on_one_is_told_what_to_know(
    fjordstuen: House, marketer: Client, welcome: Automation
) -> None:
    page = marketer.get(at("automation_turn_on", welcome)).content.decode()
    assert "No way of sending e-mail is set up" in page
    assert "Day 0, 10:00: Send the e-mail" in page
    answer = marketer.post(at("automation_turn_on", welcome), {"version": welcome.version, "present": "leave"})
    assert answer["Location"] == at("automation_page", welcome)
    welcome.refresh_from_db()
    assert welcome.is_on
    act(marketer, welcome, act="remove:s1")
    page = marketer.get(at("automation_edit", welcome)).content.decode()
    assert "Not published yet" in page
    page = marketer.get(at("automation_turn_on", welcome)).content.decode()
    assert "Add at least one step" in page
    answer = marketer.post(at("automation_turn_on", welcome), {"version": welcome.version})
    assert answer["Location"] == at("automation_turn_on", welcome)
    assert "Version 1" in marketer.get(at("automation_versions", welcome)).content.decode()
    marketer.post(at("automation_versions", welcome), {"number": 1, "version": welcome.version})
    welcome.refresh_from_db()
    assert ids(welcome) == ["s1"]
    assert marketer.post(at("automation_versions", welcome), {"number": 9}).status_code == 302


def test_it_is_paused_turned_off_copied_and_removed(fjordstuen: House, marketer: Client, welcome: Automation) -> None:
    automation_turn_on(automation_id=welcome.pk)
    states = []
    for name in ("automation_pause", "automation_resume", "automation_turn_off"):
        marketer.post(at(name, welcome))
        welcome.refresh_from_db()
        states.append(welcome.state)
    assert states == ["paused", "on", "off"]
    assert "Turn off" in marketer.get(at("automation_turn_off", welcome)).content.decode()
    marketer.post(at("automation_copy", welcome))
    assert Automation.objects.filter(name="Welcome (copy)").exists()
    assert "Remove Welcome?" in marketer.get(at("automation_remove", welcome)).content.decode()
    assert marketer.post(at("automation_remove", welcome))["Location"] == at("automation_list")
    assert not Automation.objects.filter(pk=welcome.pk).exists()


def test_the_builder_asks_the_same_number_of_queries_however_long_it_is(
    marketer: Client, welcome: Automation, django_assert_max_num_queries: Any
) -> None:
    steps = [wait(days=1), *({"do": "task", "title": f"Call {number}"} for number in range(40))]
    automation_change(automation_id=welcome.pk, definition=definition(*steps))
    with django_assert_max_num_queries(40):
        assert marketer.get(at("automation_edit", welcome)).status_code == 200


def test_the_desk_has_no_automations(fjordstuen: House, welcome: Automation) -> None:
    desk = signed_in(fjordstuen.reception)
    assert desk.get(at("automation_list")).status_code == 403
    assert at("automation_list") not in desk.get(reverse("guest_list", kwargs={"slug": "fjordstuen"})).content.decode()
