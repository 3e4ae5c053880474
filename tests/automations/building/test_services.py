"""Automations made, changed, turned on and off, copied and removed; two editors; what is written to the log."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.sentences import sentence
from accounts.services.refusals import Refused
from automations.building.checking import definition_check
from automations.building.services import (
    AutomationChanged,
    DefinitionRefused,
    automation_change,
    automation_copy,
    automation_create,
    automation_pause,
    automation_publish,
    automation_remove,
    automation_resume,
    automation_turn_off,
    automation_turn_on,
    version_restore,
)
from automations.definition import definition_read
from automations.models import Automation, AutomationVersion, Journey
from customers.card.models import Tag
from messaging.outbox.models import Message
from messaging.outbox.services import plan
from tests.automations.houses import definition, journey, wait
from tests.cast import House
from tests.factories import CustomerFactory
from tests.messaging.campaigns.houses import letter, open_all_day
from tests.messaging.outbox.letters import draft, guest, local

pytestmark = pytest.mark.django_db


def tagging() -> dict[str, Any]:
    return definition({"do": "tag", "tag": Tag.objects.get(code="regular").pk}, trigger={"kind": "checked_out"})


def made(**values: Any) -> Automation:
    return automation_create(**{"name": "Regulars", "definition": tagging(), **values})


def test_a_draft_is_made_changed_and_told_of(fjordstuen: House) -> None:
    draft = made(name="  Our   regulars ", member=fjordstuen.marketing)
    assert (draft.name, draft.state, draft.version, draft.current) == ("Our regulars", "draft", 1, None)
    changed = automation_change(automation_id=draft.pk, version=1, name="Regulars", member=fjordstuen.marketing)
    assert changed.version == 2
    assert automation_change(automation_id=draft.pk, version=2, definition=draft.draft).version == 2, "nothing differs"
    entries = list(AuditEntry.objects.filter(object_type="automation").order_by("id"))
    assert [each.action for each in entries] == ["automation.added", "automation.changed"]
    assert "Our regulars" in sentence(entries[1])


def test_a_name_is_given_short_and_there_once(fjordstuen: House) -> None:
    made()
    for name in ("", "x" * 81, "regulars"):
        with pytest.raises(Refused) as refused:
            made(name=name)
        assert refused.value.field == "name"
    assert Automation.objects.count() == 1


def test_what_is_no_definition_is_refused_and_an_unfinished_one_kept(fjordstuen: House) -> None:
    with pytest.raises(DefinitionRefused):
        made(definition={"steps": []})
    unfinished = {"trigger": {"kind": "tag_added"}, "steps": [{"id": "s1", "do": "email"}]}
    draft = made(definition=unfinished)
    with pytest.raises(DefinitionRefused) as refused:
        automation_turn_on(automation_id=draft.pk)
    assert [(each.place, each.field) for each in refused.value.problems] == [("trigger", "tag"), ("s1", "template")]
    draft.refresh_from_db()
    assert (draft.state, AutomationVersion.objects.count()) == ("draft", 0)


def test_of_two_editors_the_slower_one_is_told(fjordstuen: House) -> None:
    draft = made()
    automation_change(automation_id=draft.pk, version=1, name="Hers")
    with pytest.raises(AutomationChanged) as changed:
        automation_change(automation_id=draft.pk, version=1, name="His")
    assert changed.value.current.name == "Hers"
    with pytest.raises(AutomationChanged):
        automation_turn_on(automation_id=draft.pk, version=1)


def test_turned_on_it_runs_what_stands_there_from_now_on(fjordstuen: House) -> None:
    draft = made()
    on = automation_turn_on(automation_id=draft.pk, member=fjordstuen.marketing)
    assert on.current is not None
    assert (on.state, on.current.number, on.current.definition) == ("on", 1, draft.draft)
    assert on.since_xid
    assert on.planned_through is None
    with pytest.raises(Refused):
        automation_turn_on(automation_id=draft.pk)
    assert AuditEntry.objects.filter(action="automation.on", object_id=draft.pk).exists()


def test_changes_of_one_that_is_on_run_once_they_are_published(fjordstuen: House) -> None:
    on = automation_turn_on(automation_id=made().pk)
    assert automation_publish(automation_id=on.pk) is None, "nothing differs"
    automation_change(automation_id=on.pk, definition={**on.draft, "entry": {"rule": "once"}})
    on.refresh_from_db()
    assert "entry" not in on.current.definition
    published = automation_publish(automation_id=on.pk)
    assert published is not None
    assert (published.number, published.definition["entry"]) == (2, {"rule": "once"})
    restored = version_restore(automation_id=on.pk, number=1, version=2, member=None)
    assert restored.draft == AutomationVersion.objects.get(number=1).definition
    with pytest.raises(Refused):
        automation_publish(automation_id=made(name="Another").pk)


def test_paused_it_waits_and_goes_on(fjordstuen: House) -> None:
    on = automation_turn_on(automation_id=made().pk)
    since = on.since_xid
    assert automation_pause(automation_id=on.pk).state == "paused"
    with pytest.raises(Refused):
        automation_pause(automation_id=on.pk)
    resumed = automation_resume(automation_id=on.pk)
    assert resumed.state == "on"
    assert since is not None
    assert resumed.since_xid is not None
    assert resumed.since_xid >= since
    with pytest.raises(Refused):
        automation_resume(automation_id=on.pk)


def test_messages_that_wait_are_held_let_go_and_taken_back(fjordstuen: House) -> None:
    local(fjordstuen.business)
    on = automation_turn_on(automation_id=made().pk)
    at = timezone.now()
    open_all_day()
    news = draft(guest(), template_id=letter("News").pk, purpose="newsletter")
    later = replace(news, origin="automation", origin_id=on.pk, due_at=at + dt.timedelta(hours=1))
    plan(drafts=[later], at=at)
    seen = []
    for act in (automation_pause, automation_resume, automation_turn_off):
        act(automation_id=on.pk)
        message = Message.objects.get()
        seen.append((message.state, message.is_held))
    assert seen == [("planned", True), ("planned", False), ("skipped", False)]


def test_turned_off_everybody_stops_and_who_had_not_begun_is_forgotten(fjordstuen: House) -> None:
    on = automation_turn_on(automation_id=made().pk)
    under_way = journey(on, CustomerFactory())
    journey(on, CustomerFactory(), state="planned", began_at=None)
    off = automation_turn_off(automation_id=on.pk)
    assert off.state == "off"
    (left,) = Journey.objects.all()
    assert (left.pk, left.state, left.reason, left.due_at) == (under_way.pk, "stopped", "off", None)
    with pytest.raises(Refused):
        automation_turn_off(automation_id=on.pk)
    again = automation_turn_on(automation_id=on.pk)
    assert (again.state, AutomationVersion.objects.count()) == ("on", 1)


def test_one_that_is_off_is_removed_with_its_history(fjordstuen: House) -> None:
    on = automation_turn_on(automation_id=made().pk)
    journey(on, CustomerFactory())
    with pytest.raises(Refused):
        automation_remove(automation_id=on.pk)
    automation_turn_off(automation_id=on.pk)
    automation_remove(automation_id=on.pk, member=fjordstuen.marketing)
    assert not Automation.objects.exists()
    assert not Journey.objects.exists()
    assert AuditEntry.objects.filter(action="automation.removed").exists()


def test_a_copy_is_a_draft_with_a_free_name(fjordstuen: House) -> None:
    on = automation_turn_on(automation_id=made().pk)
    copies = [automation_copy(automation_id=on.pk) for _each in range(2)]
    assert [each.name for each in copies] == ["Regulars (copy)", "Regulars (copy) 2"]
    assert {each.state for each in copies} == {"draft"}


def test_what_is_named_must_be_there_and_fit(fjordstuen: House, django_assert_max_num_queries: Any) -> None:
    mail = letter("News")
    tree = {"version": 1, "rules": [{"field": "own.gone", "operator": "yes"}]}
    data = definition(
        {"do": "email", "template": 999},
        {"do": "sms", "template": mail.pk},
        {"do": "tag", "tag": 999},
        {"do": "field", "field": "gone", "value": 1},
        {"do": "task", "title": "Call", "assignee": 999},
        {"do": "only_if", "tree": tree},
        wait(until="arrival"),
        trigger={"kind": "segment_entered", "segment": 999, "properties": [999]},
        goal={"kind": "buys", "product": 999},
        exits=[{"kind": "tag_added", "tag": 999}],
    )
    with django_assert_max_num_queries(14):
        found = {(each.place, each.field) for each in definition_check(definition_read(data))}
    assert found == {
        *{("trigger", "segment"), ("trigger", "properties"), ("goal", "product"), ("exits.0", "tag")},
        *{("s1", "template"), ("s2", "template"), ("s3", "tag"), ("s4", "field"), ("s5", "assignee")},
        *{("s6", "tree"), ("s7", "until")},
    }
