"""The activity log: what stands in it, who reads it, and that it cannot be changed."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone, translation

from accounts.audit import ACTIONS, audit_record
from accounts.models import AuditEntry, Role
from accounts.selectors import audit_cursor, audit_page
from accounts.sentences import METHODS, SENTENCES, heading, sentence
from accounts.services import member_add
from accounts.tenancy import business_scope
from tests.cast import Cast, House
from tests.factories import AuditEntryFactory, MemberFactory

LOG = "/b/fjordstuen/activity/"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditentry SET actor = 'nobody'",
        "DELETE FROM accounts_auditentry",
        "TRUNCATE accounts_auditentry",
        "ALTER TABLE accounts_auditentry DISABLE ROW LEVEL SECURITY",
        "DROP TABLE accounts_auditentry",
    ],
)
def test_the_app_role_cannot_change_the_log(fjordstuen: House, statement: str) -> None:
    refused = pytest.raises(ProgrammingError, match=r"permission denied|must be owner")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.filter(action="business.created").exists()


def test_the_app_role_reads_and_adds(fjordstuen: House) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT privilege_type FROM information_schema.role_table_grants"
            " WHERE table_name = 'accounts_auditentry' AND grantee = current_user"
        )
        assert {row[0] for row in cursor.fetchall()} == {"SELECT", "INSERT"}


def test_an_action_must_be_registered(fjordstuen: House) -> None:
    with pytest.raises(KeyError):
        audit_record(action="guest.eaten")


def test_an_entry_goes_with_what_it_tells_of(fjordstuen: House) -> None:
    before = AuditEntry.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        member_add(user=MemberFactory().user, role=Role.RECEPTION)
        audit_record(action="guest.viewed")
        raise RuntimeError
    assert AuditEntry.objects.count() == before


# Pages


def entries(house: House, number: int) -> None:
    """Entries of one moment: only the id tells them apart."""
    now = timezone.now()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.models.fields.timezone.now", lambda: now)
        AuditEntryFactory.create_batch(number, member_id=house.reception.pk, actor="Rita")


def test_pages_hold_each_entry_once_and_lead_back(fjordstuen: House) -> None:
    entries(fjordstuen, 11)
    everything = list(AuditEntry.objects.order_by("-at", "-pk").values_list("pk", flat=True))
    assert len(everything) == 12
    first = audit_page(limit=5)
    second = audit_page(limit=5, after=first.older)
    third = audit_page(limit=5, after=second.older)
    assert [entry.pk for page in (first, second, third) for entry in page.entries] == everything
    assert (first.newer, third.older) == (None, None)
    assert audit_page(limit=5, before=third.newer).entries == second.entries
    assert audit_page(limit=5, before=second.newer).entries == first.entries


def test_a_page_back_near_the_start_is_a_full_first_page(fjordstuen: House) -> None:
    entries(fjordstuen, 11)
    newest = audit_page(limit=3).entries
    back = audit_page(limit=5, before=audit_cursor(newest[2]))
    assert len(back.entries) == 5
    assert back.newer is None


@pytest.mark.parametrize(
    "cursor", ["", "x", "1", "-", "1-", "-1", "9" * 30 + "-1", "1-" + "9" * 30, "²-1", "1-1; DROP"]
)
def test_a_cursor_that_cannot_be_read_counts_as_none(fjordstuen: House, cursor: str) -> None:
    assert audit_page(after=cursor).entries == audit_page().entries


def test_the_page_filters_by_member_and_action(client: Client, cast: Cast) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        audit_record(action="guest.exported", member=house.marketing)
        audit_record(action="import.started", member=house.reception)
        audit_record(action="guest.viewed", member=house.reception)
    client.force_login(house.admin.user)

    def shown(query: str) -> list[str]:
        return [row["sentence"] for row in client.get(LOG + query).context["rows"]]

    # Views are asked for: there are a hundred to every change.
    assert shown("") == [
        "Reception of Fjordstuen started an import",
        "Marketing of Fjordstuen exported guests",
        "Innkeeper created the business",
    ]
    assert shown(f"?member={house.marketing.pk}") == ["Marketing of Fjordstuen exported guests"]
    assert shown("?action=guest.viewed") == ["Reception of Fjordstuen opened a guest card"]
    assert shown(f"?member={house.marketing.pk}&action=guest.viewed") == []
    for odd in ("?member=x", "?member=²", "?action=nothing", "?after=x&before=y", "?member=" + "9" * 40):
        assert len(shown(odd)) == 3
    assert shown(f"?member={cast.duinzicht.reception.pk}") == []


def test_times_are_the_businesss(client: Client, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        entry = audit_record(action="guest.exported", member=cast.fjordstuen.reception)
    client.force_login(cast.fjordstuen.admin.user)
    local = entry.at.astimezone(cast.fjordstuen.business.zone)
    assert f"{local:%H:%M}" in client.get(LOG).content.decode()


def test_another_business_is_not_in_it(client: Client, cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        audit_record(action="guest.exported", member=cast.duinzicht.reception)
    client.force_login(cast.fjordstuen.owner.user)
    page = client.get(LOG).content.decode()
    assert "Duinzicht" not in page


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MARKETING])
def test_reading_takes_a_role(client: Client, cast: Cast, role: Role) -> None:
    client.force_login(cast.fjordstuen.members[role].user)
    answer = client.get(LOG)
    assert answer.status_code == 403
    assert "read the activity log" in answer.content.decode()


def test_it_is_read_along_its_index(fjordstuen: House) -> None:
    """Not by sorting the whole log, whatever the statistics of a small table say."""
    entries(fjordstuen, 5)
    newest = AuditEntry.objects.order_by("-at", "-pk").filter(at__lte=timezone.now() + timedelta(days=1))[:51]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    plan = newest.explain()
    assert "audit_newest" in plan
    assert "Sort" not in plan
    assert "Index Cond: ((business_id" in plan


# Sentences


@pytest.mark.parametrize(
    ("action", "data", "told"),
    [
        ("business.created", {}, "Olga created the business"),
        (
            "business.changed",
            {"changes": {"name": ["Fjord", "Fjordstuen"], "languages": [["en"], ["en", "nb"]]}},
            "Olga changed the business: name: Fjord → Fjordstuen, languages: en → en nb",
        ),
        ("property.added", {"name": "Strand", "kind": "campsite"}, "Olga added the property Strand (Campsite)"),
        (
            "property.changed",
            {"name": "Strand", "changes": {"kind": ["hotel", "campsite"]}},
            "Olga changed the property Strand: kind: Hotel → Campsite",
        ),
        ("member.invited", {"email": "a@b.no", "role": "reception"}, "Olga invited a@b.no as Reception"),
        ("member.joined", {"member": "Kari", "role": "marketing"}, "Kari joined as Marketing"),
        (
            "member.role",
            {"member": "Kari", "old": "reception", "new": "admin"},
            "Olga changed the role of Kari from Reception to Admin",
        ),
        ("member.removed", {"member": "Kari", "role": "owner"}, "Olga removed Kari (Owner)"),
        ("session.signed_in", {"methods": ["password"]}, "Olga signed in with password"),
        (
            "session.signed_in",
            {"methods": ["password", "totp", "recovery_codes"]},
            "Olga signed in with password, authenticator app and recovery codes",
        ),
        ("mfa.added", {"kind": "webauthn"}, "Olga added to their sign-in: security key or passkey"),
        ("email.changed", {"email": "o@x.no"}, "Olga changed their e-mail address to o@x.no"),
        # Parts that a sentence needs and an entry lacks; data from elsewhere; a percent sign in data.
        ("member.invited", {}, "Olga: Invited a member"),
        ("guest.exported", {"rows": 12}, "Olga exported guests"),
        ("member.joined", {"member": "100 %s sure", "role": "owner"}, "100 %s sure joined as Owner"),
        ("old.forgotten", {}, "Olga: old.forgotten"),
    ],
)
def test_entries_are_sentences(action: str, data: dict[str, Any], told: str) -> None:
    with translation.override("en"):
        assert sentence(AuditEntry(business_id=1, action=action, data=data, actor="Olga")) == told


def test_every_action_has_a_sentence_and_a_heading() -> None:
    assert set(SENTENCES) == set(ACTIONS)
    assert all(heading(action) != action for action in ACTIONS)
    assert {"password", "passkey", "totp", "webauthn", "recovery_codes", "invitation"} <= set(METHODS)


def test_an_entry_without_a_name_finds_its_members(client: Client, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk, cast.fjordstuen.reception.pk):
        audit_record(action="guest.exported")
    client.force_login(cast.fjordstuen.admin.user)
    assert "Reception of Fjordstuen exported guests" in client.get(LOG).content.decode()


def test_names_from_outside_are_escaped(client: Client, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        audit_record(action="member.joined", data={"member": "<script>alert(1)</script>", "role": "owner"})
    client.force_login(cast.fjordstuen.admin.user)
    page = client.get(LOG).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
