"""Invitations, from the e-mail to the first page."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Business, Invitation, Member, Role, User
from accounts.selectors import invitation_find
from accounts.services import (
    InvitationGone,
    NotGranted,
    Refused,
    invitation_accept,
    invitation_create,
    invitation_renew,
    invitation_withdraw,
    member_remove,
    member_role_change,
)
from accounts.tenancy import business_scope
from accounts.tokens import token_hash
from tests.accounts.conftest import PASSWORD, SignIn
from tests.accounts.post import PostOffice
from tests.cast import Cast, House
from tests.factories import MemberFactory, UserFactory

pytestmark = pytest.mark.usefixtures("no_limits")

MEMBERS = "/b/fjordstuen/members/"
INVITE = MEMBERS + "invite/"
NEW = "kari@example.com"


def invite(house: House, email: str = NEW, role: Role = Role.RECEPTION, by: Member | None = None) -> str:
    """Invite; the token."""
    with business_scope(house.pk):
        return invitation_create(email=email, role=role, by=by or house.owner).token


def join(browser: Client, token: str, **data: str) -> Any:
    return browser.post(f"/join/{token}/", {"name": "Kari Nordmann", "password": PASSWORD} | data)


# The service


@pytest.mark.parametrize("actor", list(Role))
@pytest.mark.parametrize("role", list(Role))
def test_one_invites_to_the_roles_one_grants(fjordstuen: House, actor: Role, role: Role) -> None:
    allowed = actor == Role.OWNER or (actor == Role.ADMIN and role in (Role.RECEPTION, Role.MARKETING))
    by = fjordstuen.members[actor]
    if allowed:
        invitation_create(email=NEW, role=role, by=by)
    else:
        with pytest.raises(NotGranted):
            invitation_create(email=NEW, role=role, by=by)
    assert Invitation.objects.exists() is allowed


def test_only_a_hash_of_the_token_is_kept(fjordstuen: House) -> None:
    offer = invitation_create(email=NEW, role=Role.RECEPTION, by=fjordstuen.owner)
    secret = offer.token.split(".")[1]
    assert len(secret) >= 43
    assert offer.token.startswith(fjordstuen.business.public_id.hex)
    stored = Invitation.objects.values().get()
    assert stored["token_hash"] == token_hash(offer.token)
    assert secret not in str(stored)
    assert secret not in str(list(AuditEntry.objects.values()))


def test_it_works_for_seven_days(cast: Cast) -> None:
    token = invite(cast.fjordstuen)
    with business_scope(cast.fjordstuen.pk):
        left = Invitation.objects.get().expires_at - timezone.now()
        assert timedelta(days=7) - timedelta(minutes=1) < left <= timedelta(days=7)
        Invitation.objects.update(expires_at=timezone.now())
    assert invitation_find(token=token) is None
    with pytest.raises(InvitationGone):
        invitation_accept(token=token, user=UserFactory(email=NEW))


def test_a_new_invitation_ends_the_old_link(cast: Cast) -> None:
    first = invite(cast.fjordstuen)
    second = invite(cast.fjordstuen, role=Role.MARKETING)
    assert invitation_find(token=first) is None
    found = invitation_find(token=second)
    assert found is not None
    assert found.role == "Marketing"
    with business_scope(cast.fjordstuen.pk):
        assert Invitation.objects.count() == 1
        third = invitation_renew(invitation_id=Invitation.objects.get().pk, by=cast.fjordstuen.owner).token
    assert invitation_find(token=second) is None
    assert invitation_find(token=third) is not None


def test_an_admin_leaves_an_owners_invitation_alone(fjordstuen: House) -> None:
    offer = invitation_create(email=NEW, role=Role.ADMIN, by=fjordstuen.owner)
    for act in (
        lambda: invitation_create(email=NEW, role=Role.RECEPTION, by=fjordstuen.admin),
        lambda: invitation_renew(invitation_id=offer.invitation.pk, by=fjordstuen.admin),
        lambda: invitation_withdraw(invitation_id=offer.invitation.pk, by=fjordstuen.admin),
    ):
        with pytest.raises(NotGranted):
            act()
    assert Invitation.objects.get().token_hash == token_hash(offer.token)


def test_a_member_is_not_invited_again_somebody_who_left_is(fjordstuen: House) -> None:
    email = fjordstuen.reception.user.email
    with pytest.raises(Refused, match="already a member"):
        invitation_create(email=email.upper(), role=Role.RECEPTION, by=fjordstuen.owner)
    member_remove(member_id=fjordstuen.reception.pk, by=fjordstuen.owner)
    invitation_create(email=email, role=Role.MARKETING, by=fjordstuen.owner)


@pytest.mark.parametrize("fate", ["removed", "demoted"])
def test_it_ends_with_the_power_of_who_sent_it(cast: Cast, fate: str) -> None:
    house = cast.fjordstuen
    token = invite(house, by=house.admin)
    with business_scope(house.pk):
        if fate == "removed":
            member_remove(member_id=house.admin.pk, by=house.owner)
        else:
            member_role_change(member_id=house.admin.pk, role=Role.RECEPTION, by=house.owner)
    assert invitation_find(token=token) is None


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.RECEPTION}])
def test_a_sender_without_the_power_does_not_count_whatever_took_it(cast: Cast, change: dict[str, Any]) -> None:
    """The second line: an invitation that was missed when its sender went or sank."""
    house = cast.fjordstuen
    token = invite(house, by=house.admin)
    user = UserFactory(email=NEW)
    with business_scope(house.pk):
        Member.objects.filter(pk=house.admin.pk).update(**change)
    assert invitation_find(token=token) is None
    with pytest.raises(InvitationGone):
        invitation_accept(token=token, user=user)


def test_two_who_accept_at_once_make_one_member(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    token, user = invite(house), UserFactory(email=NEW)
    start, outcomes = threading.Barrier(3), []

    def accept() -> None:
        try:
            start.wait(10)
            outcomes.append(invitation_accept(token=token, user=user))
        except InvitationGone:
            outcomes.append(None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=accept) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(outcome is not None for outcome in outcomes) == 1
    with business_scope(house.pk):
        assert Member.objects.filter(user=user).count() == 1


def test_a_token_opens_its_own_business_only(cast: Cast) -> None:
    token = invite(cast.fjordstuen)
    other = f"{cast.duinzicht.business.public_id.hex}.{token.split('.')[1]}"
    assert invitation_find(token=other) is None
    for nonsense in ("", ".", "x.y", f"{cast.fjordstuen.business.public_id.hex}.", token + "x"):
        assert invitation_find(token=nonsense) is None


# The e-mail and the pages


def test_from_the_mail_to_the_first_page(transactional_cast: Cast, post_office: PostOffice) -> None:
    house = transactional_cast.fjordstuen
    Business.objects.update(language="en")
    admin = Client()
    admin.force_login(house.admin.user)
    answer = admin.post(INVITE, {"email": "Kari@Example.com", "role": "reception"})
    assert answer.headers["Location"] == MEMBERS
    (letter,) = post_office.to(NEW)
    assert letter.subject == "Admin of Fjordstuen invites you to Fjordstuen"
    assert "Your role: Reception." in letter.text
    page = admin.get(MEMBERS).content.decode()
    assert "kari@<wbr>example.<wbr>com" in page
    assert letter.links[0] not in page

    guest = Client()
    link = letter.path("/join/")
    for _ in range(2):
        opened = guest.get(link)
        assert opened.status_code == 200
        assert "no-store" in opened.headers["Cache-Control"]
    with business_scope(house.pk):
        assert Invitation.objects.get().accepted_at is None, "opening a link changes nothing"
        assert Invitation.objects.get().sent_at is not None

    joined = join(guest, link.split("/")[2])
    assert joined.headers["Location"] == "/b/fjordstuen/"
    user = User.objects.get(email=NEW)
    assert user.name == "Kari Nordmann"
    assert EmailAddress.objects.get(user=user).verified, "only the mailbox had the link"
    welcome = guest.get("/b/fjordstuen/", follow=True).content.decode()
    assert "Welcome to Fjordstuen" in welcome
    with business_scope(house.pk):
        assert Member.objects.get(user=user).role == Role.RECEPTION
        actions = list(AuditEntry.objects.order_by("id").values_list("action", "actor"))
    assert actions == [
        ("business.created", ""),
        ("member.invited", "Admin of Fjordstuen"),
        ("member.joined", "Kari Nordmann"),
        ("session.signed_in", "Kari Nordmann"),
    ]
    assert "cannot be used any more" in Client().get(link).content.decode()


def test_the_mail_speaks_the_recipients_language_else_the_business(
    transactional_cast: Cast, post_office: PostOffice
) -> None:
    admin = Client()
    admin.force_login(transactional_cast.fjordstuen.admin.user)
    stranger = transactional_cast.stranger
    stranger.language = "nl"
    stranger.save()
    for email in (stranger.email, NEW):
        admin.post(INVITE, {"email": email, "role": "reception"})
    assert 'lang="nl"' in post_office.to(stranger.email)[0].html
    assert 'lang="nb"' in post_office.to(NEW)[0].html


def test_the_inviter_cannot_tell_who_has_an_account(transactional_cast: Cast, post_office: PostOffice) -> None:
    admin = Client()
    admin.force_login(transactional_cast.fjordstuen.admin.user)
    pages = []
    for email in (transactional_cast.stranger.email, "stranger@example.net"):
        admin.post(INVITE, {"email": email, "role": "reception"})
        pages.append(admin.get(MEMBERS).content.decode().count("<tr"))
    assert pages[1] - pages[0] == 1
    forms = []
    for letter in post_office.letters:
        page = Client().get(letter.path("/join/")).content.decode()
        forms.append([word for word in ("I am new to Innkeeper", "I have an account") if word in page])
    assert forms == [["I am new to Innkeeper", "I have an account"]] * 2


def test_somebody_with_an_account_signs_in_and_joins(cast: Cast, with_password: Any) -> None:
    user = with_password(cast.stranger)
    token = invite(cast.fjordstuen, email=user.email, role=Role.MARKETING)
    browser = Client()
    page = browser.get(f"/join/{token}/").content.decode()
    assert f"/accounts/login/?next=%2Fjoin%2F{token}%2F" in page
    taken = join(browser, token)
    assert taken.headers["Location"].startswith("/accounts/login/?next=")
    entered = browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD, "next": f"/join/{token}/"})
    assert entered.headers["Location"] == f"/join/{token}/"
    assert "invites" in browser.get(f"/join/{token}/").content.decode()
    assert browser.post(f"/join/{token}/").headers["Location"] == "/b/fjordstuen/"
    with business_scope(cast.fjordstuen.pk):
        assert Member.objects.get(user=user).role == Role.MARKETING
    user.refresh_from_db()
    assert user.check_password(PASSWORD), "the stranger's form did not touch the account"


def test_nobody_joins_with_another_address(client: Client, cast: Cast) -> None:
    token = invite(cast.fjordstuen)
    client.force_login(cast.stranger)
    for answer in (client.get(f"/join/{token}/"), client.post(f"/join/{token}/")):
        assert answer.status_code == 403
        assert "You are signed in as" in answer.content.decode()
    with business_scope(cast.fjordstuen.pk):
        assert not Member.objects.filter(user=cast.stranger).exists()
        assert Invitation.objects.get().accepted_at is None


def test_a_member_who_opens_an_old_invitation_keeps_their_role(cast: Cast, client: Client) -> None:
    """Invited at two places at once, or made a member meanwhile."""
    token = invite(cast.fjordstuen, email=cast.stranger.email, role=Role.RECEPTION)
    with business_scope(cast.fjordstuen.pk):
        MemberFactory(user=cast.stranger, role=Role.OWNER)
    client.force_login(cast.stranger)
    assert client.post(f"/join/{token}/").headers["Location"] == "/b/fjordstuen/"
    with business_scope(cast.fjordstuen.pk):
        assert Member.objects.get(user=cast.stranger).role == Role.OWNER


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"password": "short"}, "too short"),
        ({"password": "kari@example.com"}, "too similar"),
        ({"name": "see www.evil.example"}, "web address"),
        ({"name": ""}, "required"),
    ],
)
def test_a_weak_answer_is_refused_and_the_link_still_works(
    client: Client, cast: Cast, data: dict[str, str], told: str
) -> None:
    token = invite(cast.fjordstuen)
    answer = join(client, token, **data)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not User.objects.filter(email=NEW).exists()
    assert join(client, token).status_code == 302


def test_gone_links_look_alike(client: Client, cast: Cast) -> None:
    house = cast.fjordstuen
    withdrawn, expired, used = (invite(house, email=f"{name}@example.com") for name in ("a", "b", "c"))
    join(Client(), used)
    with business_scope(house.pk):
        invitation_withdraw(invitation_id=Invitation.objects.get(email="a@example.com").pk, by=house.owner)
        Invitation.objects.filter(email="b@example.com").update(expires_at=timezone.now())
    pages = set()
    for token in (withdrawn, expired, used, f"{house.business.public_id.hex}.never", "nonsense"):
        answer = client.get(f"/join/{token}/")
        assert answer.status_code == 404
        pages.add(answer.content.decode().split("<main")[1].split("</main>")[0])
        assert join(client, token).status_code == 404
    assert len(pages) == 1


def test_a_mail_that_was_not_taken_can_be_sent_again(transactional_cast: Cast, post_office: PostOffice) -> None:
    admin = Client()
    admin.force_login(transactional_cast.fjordstuen.admin.user)
    post_office.closed = True
    assert admin.post(INVITE, {"email": NEW, "role": "reception"}).status_code == 302
    assert "not sent: send it again" in admin.get(MEMBERS).content.decode()
    post_office.closed = False
    with business_scope(transactional_cast.fjordstuen.pk):
        pk = Invitation.objects.get().pk
    assert admin.post(f"{MEMBERS}invitations/{pk}/resend/").headers["Location"] == MEMBERS
    assert "not sent" not in admin.get(MEMBERS).content.decode()
    assert len(post_office.to(NEW)) == 1


def test_without_a_mail_server_the_link_is_shown_once_and_proves_nothing(client: Client, cast: Cast) -> None:
    client.force_login(cast.fjordstuen.admin.user)
    assert "No mail server is set up here" in client.get(INVITE).content.decode()
    answer = client.post(INVITE, {"email": NEW, "role": "reception"})
    assert "no-store" in answer.headers["Cache-Control"]
    page = answer.content.decode()
    link = page.split(">http://testserver")[1].split("<")[0]
    assert link.startswith("/join/")
    assert link not in client.get(MEMBERS).content.decode()
    assert link.split(".")[1].strip("/") not in str(dict(client.session))
    assert join(Client(), link.split("/")[2]).status_code == 302
    assert not EmailAddress.objects.get(email=NEW).verified


def test_withdrawing_on_the_page(client: Client, cast: Cast) -> None:
    house = cast.fjordstuen
    token = invite(house)
    with business_scope(house.pk):
        pk = Invitation.objects.get().pk
    client.force_login(house.admin.user)
    assert client.get(f"{MEMBERS}invitations/{pk}/withdraw/").status_code == 405
    assert client.post(f"{MEMBERS}invitations/{pk}/withdraw/").headers["Location"] == MEMBERS
    assert client.post(f"{MEMBERS}invitations/{pk}/withdraw/").status_code == 404
    assert client.get(f"/join/{token}/").status_code == 404


def test_invitations_of_another_business_are_not_there(client: Client, cast: Cast) -> None:
    invite(cast.duinzicht)
    with business_scope(cast.duinzicht.pk):
        pk = Invitation.objects.get().pk
    client.force_login(cast.fjordstuen.owner.user)
    for act in ("resend", "withdraw"):
        assert client.post(f"{MEMBERS}invitations/{pk}/{act}/").status_code == 404
    with business_scope(cast.duinzicht.pk):
        assert Invitation.objects.exists()


def test_inviting_an_owner_asks_who_one_is(cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.fjordstuen.owner.user)
    answer = browser.post(INVITE, {"email": NEW, "role": "owner"})
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    with business_scope(cast.fjordstuen.pk):
        assert not Invitation.objects.exists()


def test_inviting_without_end_is_stopped(client: Client, cast: Cast) -> None:
    client.force_login(cast.fjordstuen.admin.user)
    answers = [client.post(INVITE, {"email": f"n{n}@example.com", "role": "reception"}) for n in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
