"""Templates are made, renamed, put away and copied; their texts are kept in versions, which nothing changes."""

import pytest
from django.db import ProgrammingError, connection, transaction

from accounts.models import AuditEntry
from accounts.sentences import sentence
from accounts.services.refusals import Refused
from messaging.texts import services
from messaging.texts.checking import Draft, TextRefused
from messaging.texts.models import Template, TemplateText
from messaging.texts.selectors import chosen, text_for, texts_of, versions_of
from messaging.texts.services import (
    TextChanged,
    template_archive,
    template_change,
    template_copy,
    template_create,
    text_remove,
    text_save,
)
from tests.cast import House
from tests.factories import CustomFieldFactory

pytestmark = pytest.mark.django_db

HELLO = Draft("Hi {guest.given_name}", "", ({"kind": "heading", "text": "Hi"},))
SMS = Draft(body="Hi {guest.given_name|you}")


def made(name: str = "Welcome", **values: object) -> Template:
    return template_create(**{"name": name, "channel": "email", "purpose": "stay", **values})  # type: ignore[arg-type]


def logged() -> list[str]:
    entries = AuditEntry.objects.filter(object_type="template").order_by("id")
    return [sentence(entry, actor="Somebody") for entry in entries]


def test_a_template_is_made_with_its_texts(fjordstuen: House) -> None:
    template = made("  Welcome   home ", texts={"en": HELLO}, member=fjordstuen.marketing)
    assert (template.name, template.is_marketing) == ("Welcome home", False)
    (text,) = texts_of(template_ids=[template.pk])[template.pk].values()
    assert (text.language, text.version, text.subject, text.actor) == (
        "en", 1, "Hi {guest.given_name}", "Marketing of Fjordstuen",
    )  # fmt: skip
    assert text.blocks == [{"kind": "heading", "text": "Hi"}]
    assert logged() == ["Marketing of Fjordstuen made the template Welcome home"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"channel": "fax"}, "channel"),
        ({"purpose": "spam"}, "purpose"),
        ({"name": "Welcome"}, "name"),
    ],
)
def test_what_cannot_be_made(fjordstuen: House, values: dict[str, str], field: str) -> None:
    made("Welcome")
    with pytest.raises(Refused) as refused:
        made(**{"name": "Other", **values})
    assert refused.value.field == field
    assert Template.objects.count() == 1


def test_a_text_that_is_refused_makes_no_template(fjordstuen: House) -> None:
    with pytest.raises(TextRefused):
        made(texts={"en": Draft()})
    assert not Template.objects.exists()


def test_the_same_name_is_free_on_another_channel_and_once_put_away(fjordstuen: House) -> None:
    first = made("Welcome")
    made("Welcome", channel="sms")
    template_archive(template_id=first.pk)
    second = made("Welcome")
    with pytest.raises(Refused):
        template_archive(template_id=first.pk, archived=False)
    template_change(template_id=second.pk, name="Hello", purpose="offer")
    assert not template_archive(template_id=first.pk, archived=False).is_archived


def test_there_is_an_end_to_templates(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "TEMPLATES_MAX", 1)
    made("One")
    with pytest.raises(Refused):
        made("Two")


def test_each_save_is_a_version_and_the_last_one_counts(fjordstuen: House) -> None:
    template = made(texts={"en": HELLO})
    before = template.changed_at
    assert text_save(template_id=template.pk, language="en", draft=HELLO, seen=1) is None, "it says the same"
    second = text_save(template_id=template.pk, language="en", draft=Draft("Ho", "", HELLO.blocks), seen=1)
    assert second is not None and second.version == 2
    assert texts_of(template_ids=[template.pk])[template.pk]["en"] == second
    assert [text.version for text in versions_of(template_id=template.pk, language="en")] == [2, 1]
    template.refresh_from_db()
    assert template.changed_at > before
    with pytest.raises(TextChanged) as changed:
        text_save(template_id=template.pk, language="en", draft=Draft("He", "", HELLO.blocks), seen=1)
    assert changed.value.current == second
    third = text_save(template_id=template.pk, language="en", draft=Draft("He", "", HELLO.blocks))
    assert third is not None and third.version == 3, "who names no version writes after whatever is there"


def test_no_version_can_be_changed_or_deleted(fjordstuen: House) -> None:
    template = made(texts={"en": HELLO})
    for statement in ("UPDATE messaging_templatetext SET subject = 'x'", "DELETE FROM messaging_templatetext"):
        refused = pytest.raises(ProgrammingError, match="permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert texts_of(template_ids=[template.pk])[template.pk]["en"].subject == HELLO.subject


def test_a_language_is_removed_and_written_again(fjordstuen: House) -> None:
    template = made(texts={"en": HELLO, "nb": HELLO})
    removed = text_remove(template_id=template.pk, language="nb", seen=1)
    assert removed is not None and removed.is_removed
    assert list(texts_of(template_ids=[template.pk])[template.pk]) == ["en"]
    assert text_remove(template_id=template.pk, language="nb") is None
    again = text_save(template_id=template.pk, language="nb", draft=HELLO, seen=2)
    assert again is not None and again.version == 3
    assert logged()[1:] == [
        "Somebody removed a language from the template Welcome (nb)",
        "Somebody wrote the template Welcome (nb)",
    ]


def test_a_copy_has_the_texts_in_force(fjordstuen: House) -> None:
    template = made(texts={"en": HELLO, "nb": HELLO})
    text_save(template_id=template.pk, language="en", draft=Draft("Ho", "", HELLO.blocks))
    text_remove(template_id=template.pk, language="nb")
    copies = [template_copy(template_id=template.pk) for _ in range(2)]
    assert [copy.name for copy in copies] == ["Copy of Welcome", "Copy of Welcome 2"]
    texts = texts_of(template_ids=[copies[0].pk])[copies[0].pk]
    assert {code: (text.version, text.subject) for code, text in texts.items()} == {"en": (1, "Ho")}


PROBLEMS = [
    ("no subject", Draft("", "", HELLO.blocks), "subject"),
    ("nothing in it", Draft("Hi"), "blocks"),
    ("a subject without end", Draft("x" * 201, "", HELLO.blocks), "subject"),
    ("a placeholder there is not", Draft("Hi {first_name}", "", HELLO.blocks), "subject"),
    ("one in a block", Draft("Hi", "", ({"kind": "heading", "text": "{hotel}"},)), "blocks.0.text"),
    (
        "one in a link",
        Draft("Hi", "", ({"kind": "button", "text": "x", "link": "https://a.no/{ref}"},)),
        "blocks.0.link",
    ),
    (
        "a button that leads nowhere",
        Draft("Hi", "", (HELLO.blocks[0], {"kind": "button", "text": "x"})),
        "blocks.1.link",
    ),
    ("an own field there is not", Draft("{guest.own.shoe}", "", HELLO.blocks), "subject"),
]


@pytest.mark.parametrize(("draft", "path"), [case[1:] for case in PROBLEMS], ids=[case[0] for case in PROBLEMS])
def test_what_cannot_be_said(fjordstuen: House, draft: Draft, path: str) -> None:
    template = made()
    with pytest.raises(TextRefused) as refused:
        text_save(template_id=template.pk, language="en", draft=draft)
    assert [problem.path for problem in refused.value.problems] == [path]
    assert not TemplateText.objects.exists()


def test_the_placeholder_that_was_meant_is_named(fjordstuen: House) -> None:
    CustomFieldFactory(key="favourite_room")
    template = made(channel="sms")
    for written, meant in (
        ("{first_name}", "{guest.given_name}"),
        ("{guest.givenname}", "{guest.given_name}"),
        ("{stay.arival}", "{stay.arrival}"),
        ("{guest.own.favorite_room}", "{guest.own.favourite_room}"),
    ):
        with pytest.raises(TextRefused, match=meant):
            text_save(template_id=template.pk, language="en", draft=Draft(body=written))
    assert text_save(template_id=template.pk, language="en", draft=Draft(body="{guest.own.favourite_room}"))


def test_an_sms_is_a_body(fjordstuen: House) -> None:
    template = made(channel="sms")
    for body in ("", " \r\n", "x" * 1601):
        with pytest.raises(TextRefused):
            text_save(template_id=template.pk, language="en", draft=Draft(body=body))
    text = text_save(template_id=template.pk, language="en", draft=Draft("ignored", body=" a\r\nb "))
    assert text is not None and (text.body, text.subject, text.blocks) == ("a\nb", "", [])


@pytest.mark.parametrize("language", ["", "e", "../x", "norsk bokmål", "en1"])
def test_a_language_is_a_code(fjordstuen: House, language: str) -> None:
    with pytest.raises(Refused):
        text_save(template_id=made(channel="sms").pk, language=language, draft=SMS)


def test_which_text_a_guest_gets(fjordstuen: House) -> None:
    business = fjordstuen.business
    business.language = "en"
    business.save()
    template = made(channel="sms", texts={"da": SMS, "en": SMS, "nb": SMS})
    texts = texts_of(template_ids=[template.pk])[template.pk]
    for spoken, expected in (("nb", "nb"), ("nn", "nb"), ("da", "da"), ("fr", "en"), ("", "en")):
        found = text_for(template.pk, [spoken])
        assert found is not None and found.language == expected, spoken
    assert chosen({code: texts[code] for code in ("nb", "da")}, ("fr", "en")) == texts["da"], "any there is"
    assert chosen({}, ("nb",)) is None
    assert text_for(made("Empty").pk, ["nb"]) is None


def test_a_neighbours_template_is_not_there(fjordstuen: House, cast: object) -> None:
    with pytest.raises(Template.DoesNotExist):
        text_save(template_id=made().pk + 1, language="en", draft=HELLO)
    with pytest.raises(Template.DoesNotExist):
        template_copy(template_id=10**9)
