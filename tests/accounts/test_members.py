"""Roles, and members coming and going."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections
from django.test import Client

from accounts.models import AuditEntry, Invitation, Member, Role, roles_granted_by
from accounts.services import LastOwner, NotGranted, member_add, member_remove, member_role_change
from accounts.tenancy import business_scope
from tests.accounts.conftest import SignIn
from tests.cast import Cast, House
from tests.factories import InvitationFactory, MemberFactory

MEMBERS = "/b/fjordstuen/members/"


def page_of(member: Member) -> str:
    return f"{MEMBERS}{member.pk}/"


@pytest.mark.parametrize(
    ("role", "granted"),
    [
        (Role.RECEPTION, []),
        (Role.MARKETING, []),
        (Role.ADMIN, [Role.RECEPTION, Role.MARKETING]),
        (Role.OWNER, [Role.RECEPTION, Role.MARKETING, Role.ADMIN, Role.OWNER]),
    ],
)
def test_who_looks_after_whom(role: Role, granted: list[Role]) -> None:
    assert roles_granted_by(role) == granted


@pytest.mark.parametrize("actor", list(Role))
@pytest.mark.parametrize("subject", list(Role))
@pytest.mark.parametrize("wanted", list(Role))
def test_role_change_needs_the_old_and_the_new_role(
    fjordstuen: House, actor: Role, subject: Role, wanted: Role
) -> None:
    MemberFactory(role=Role.OWNER)
    member, by = MemberFactory(role=subject), fjordstuen.members[actor]
    granted = roles_granted_by(actor)
    allowed = subject in granted and wanted in granted
    if allowed:
        member_role_change(member_id=member.pk, role=wanted, by=by)
    else:
        with pytest.raises(NotGranted):
            member_role_change(member_id=member.pk, role=wanted, by=by)
    member.refresh_from_db()
    assert member.role == (wanted if allowed else subject)
    assert AuditEntry.objects.filter(action="member.role").exists() is (allowed and wanted != subject)


@pytest.mark.parametrize("actor", list(Role))
@pytest.mark.parametrize("subject", list(Role))
def test_removing_needs_the_role(fjordstuen: House, actor: Role, subject: Role) -> None:
    member, by = MemberFactory(role=subject), fjordstuen.members[actor]
    allowed = subject in roles_granted_by(actor)
    if allowed:
        member_remove(member_id=member.pk, by=by)
    else:
        with pytest.raises(NotGranted):
            member_remove(member_id=member.pk, by=by)
    member.refresh_from_db()
    assert member.is_active is not allowed


def test_the_last_owner_stays_owner(fjordstuen: House) -> None:
    owner = fjordstuen.owner
    with pytest.raises(LastOwner, match="only owner"):
        member_role_change(member_id=owner.pk, role=Role.ADMIN, by=owner)
    with pytest.raises(LastOwner):
        member_remove(member_id=owner.pk, by=owner)
    other = MemberFactory(role=Role.OWNER)
    member_remove(member_id=owner.pk, by=owner)
    with pytest.raises(LastOwner):
        member_remove(member_id=other.pk, by=other)


def test_a_removed_owner_does_not_count(fjordstuen: House) -> None:
    MemberFactory(role=Role.OWNER, is_active=False)
    with pytest.raises(LastOwner):
        member_remove(member_id=fjordstuen.owner.pk, by=fjordstuen.owner)


@pytest.mark.parametrize("act", ["demote", "remove"])
def test_two_owners_at_once_leave_one(transactional_cast: Cast, act: str) -> None:
    """Each takes the other's ownership, and each would be right alone."""
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        owners = [house.owner, MemberFactory(role=Role.OWNER)]
    start, refused = threading.Barrier(2), []

    def take(by: Member, subject: Member) -> None:
        try:
            start.wait(10)
            with business_scope(house.pk, by.pk):
                if act == "demote":
                    member_role_change(member_id=subject.pk, role=Role.RECEPTION, by=by)
                else:
                    member_remove(member_id=subject.pk, by=by)
        except (LastOwner, NotGranted) as refusal:
            refused.append(refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=pair) for pair in (owners, owners[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with business_scope(house.pk):
        assert Member.objects.filter(role=Role.OWNER, is_active=True).count() == 1
    assert len(refused) == 1


def test_two_owners_who_step_down_at_once_leave_one(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        owners = [house.owner, MemberFactory(role=Role.OWNER)]
    start, refused = threading.Barrier(2), []

    def leave(owner: Member) -> None:
        try:
            start.wait(10)
            with business_scope(house.pk, owner.pk):
                member_remove(member_id=owner.pk, by=owner)
        except LastOwner as refusal:
            refused.append(refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=leave, args=(owner,)) for owner in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with business_scope(house.pk):
        assert Member.objects.filter(role=Role.OWNER, is_active=True).count() == 1
    assert len(refused) == 1


def test_somebody_who_left_comes_back_with_the_new_role_and_a_member_keeps_theirs(fjordstuen: House) -> None:
    gone = MemberFactory(role=Role.ADMIN, is_active=False)
    assert member_add(user=gone.user, role=Role.RECEPTION).role == Role.RECEPTION
    assert Member.objects.get(pk=gone.pk).is_active
    assert member_add(user=fjordstuen.owner.user, role=Role.RECEPTION).role == Role.OWNER


def test_who_goes_or_sinks_takes_their_invitations_along(fjordstuen: House) -> None:
    admin, owner = fjordstuen.admin, fjordstuen.owner
    second = MemberFactory(role=Role.OWNER)
    InvitationFactory(invited_by=admin, email="a@example.com", role=Role.RECEPTION)
    InvitationFactory(invited_by=second, email="b@example.com", role=Role.OWNER)
    InvitationFactory(invited_by=second, email="c@example.com", role=Role.MARKETING)
    member_role_change(member_id=second.pk, role=Role.ADMIN, by=owner)
    assert set(Invitation.objects.values_list("email", flat=True)) == {"a@example.com", "c@example.com"}
    member_remove(member_id=admin.pk, by=owner)
    assert set(Invitation.objects.values_list("email", flat=True)) == {"c@example.com"}
    assert AuditEntry.objects.filter(action="invitation.withdrawn").count() == 2


def test_the_page_shows_everybody_and_offers_what_one_may_change(client: Client, cast: Cast) -> None:
    house = cast.fjordstuen
    client.force_login(house.admin.user)
    page = client.get(MEMBERS).content.decode()
    for member in house.members.values():
        assert member.user.email.replace("@", "@<wbr>").replace(".", ".<wbr>") in page or member.user.email in page
    assert page_of(house.reception) in page
    assert page_of(house.marketing) in page
    assert page_of(house.owner) not in page
    assert "of Duinzicht" not in page


def test_an_admin_changes_a_role_on_the_page(client: Client, cast: Cast) -> None:
    house = cast.fjordstuen
    client.force_login(house.admin.user)
    answer = client.post(page_of(house.reception), {"role": "marketing"})
    assert answer.headers["Location"] == MEMBERS
    with business_scope(house.pk):
        assert Member.objects.get(pk=house.reception.pk).role == Role.MARKETING
        entry = AuditEntry.objects.get(action="member.role")
    assert entry.data == {"member": "Reception of Fjordstuen", "old": "reception", "new": "marketing"}
    assert entry.actor == "Admin of Fjordstuen"


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("path", ["{pk}/", "{pk}/remove/"])
def test_an_admin_is_told_who_manages_owners(client: Client, cast: Cast, method: str, path: str) -> None:
    house = cast.fjordstuen
    client.force_login(house.admin.user)
    answer = getattr(client, method)(MEMBERS + path.format(pk=house.owner.pk), {"role": "reception"})
    assert answer.status_code == 403
    assert "manage admins and owners" in answer.content.decode()
    assert "Owner of Fjordstuen" in answer.content.decode()
    with business_scope(house.pk):
        assert Member.objects.get(pk=house.owner.pk).role == Role.OWNER


def test_an_admin_cannot_make_an_owner_by_hand(client: Client, cast: Cast) -> None:
    house = cast.fjordstuen
    client.force_login(house.admin.user)
    answer = client.post(page_of(house.reception), {"role": "owner"})
    assert answer.status_code == 422
    with business_scope(house.pk):
        assert Member.objects.get(pk=house.reception.pk).role == Role.RECEPTION


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MARKETING])
def test_who_manages_no_members_is_told_who_does(client: Client, cast: Cast, role: Role) -> None:
    client.force_login(cast.fjordstuen.members[role].user)
    answer = client.get(MEMBERS)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "manage members" in page
    assert "Admin of Fjordstuen" in page
    assert "Owner of Fjordstuen" in page


def test_members_of_another_business_are_not_there(client: Client, cast: Cast) -> None:
    client.force_login(cast.fjordstuen.owner.user)
    theirs = cast.duinzicht.reception
    for path in (f"{theirs.pk}/", f"{theirs.pk}/remove/"):
        assert client.get(MEMBERS + path).status_code == 404
        assert client.post(MEMBERS + path, {"role": "admin"}).status_code == 404
    with business_scope(cast.duinzicht.pk):
        assert Member.objects.get(pk=theirs.pk).is_active


def test_making_an_owner_asks_who_one_is(cast: Cast, signed_in: SignIn, confirmed: SignIn) -> None:
    house = cast.fjordstuen
    browser = signed_in(house.owner.user)
    answer = browser.post(page_of(house.admin), {"role": "owner"})
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")
    with business_scope(house.pk):
        assert Member.objects.get(pk=house.admin.pk).role == Role.ADMIN
    back = browser.post(
        answer.headers["Location"], {"password": "a quiet reception desk", "next": page_of(house.admin)}
    )
    assert back.headers["Location"] == page_of(house.admin)
    assert browser.post(page_of(house.admin), {"role": "owner"}).headers["Location"] == MEMBERS
    with business_scope(house.pk):
        assert Member.objects.get(pk=house.admin.pk).role == Role.OWNER


def test_the_last_owner_reads_why_they_stay(cast: Cast, confirmed: SignIn) -> None:
    house = cast.fjordstuen
    browser = confirmed(house.owner.user)
    for path, data in (
        (page_of(house.owner), {"role": "admin"}),
        (page_of(house.owner) + "remove/", {}),
        (MEMBERS + "leave/", {}),
    ):
        answer = browser.post(path, data)
        assert answer.status_code == 422
        assert "is the only owner" in answer.content.decode()


def test_a_removed_member_is_out_at_once(cast: Cast, client: Client) -> None:
    house = cast.fjordstuen
    theirs = Client()
    theirs.force_login(house.reception.user)
    assert theirs.get("/b/fjordstuen/guests/").status_code == 200
    client.force_login(house.admin.user)
    assert "Remove Reception of Fjordstuen?" in client.get(page_of(house.reception) + "remove/").content.decode()
    assert client.post(page_of(house.reception) + "remove/").headers["Location"] == MEMBERS
    assert theirs.get("/b/fjordstuen/guests/").status_code == 404
    assert "not a member of a business" in theirs.get("/").content.decode()


def test_leaving_is_ones_own_choice(cast: Cast, client: Client) -> None:
    client.force_login(cast.fjordstuen.reception.user)
    assert client.get(MEMBERS + "leave/").status_code == 200
    assert client.post(MEMBERS + "leave/").headers["Location"] == "/"
    assert client.get("/b/fjordstuen/guests/").status_code == 404
    with business_scope(cast.fjordstuen.pk):
        assert AuditEntry.objects.get(action="member.left").actor == "Reception of Fjordstuen"


def test_the_list_costs_the_same_for_many_members(
    cast: Cast, client: Client, django_assert_max_num_queries: Callable[..., object]
) -> None:
    with business_scope(cast.fjordstuen.pk):
        MemberFactory.create_batch(20)
        InvitationFactory.create_batch(10, invited_by=cast.fjordstuen.owner)
    client.force_login(cast.fjordstuen.owner.user)
    client.get(MEMBERS)
    with django_assert_max_num_queries(22):
        client.get(MEMBERS)
