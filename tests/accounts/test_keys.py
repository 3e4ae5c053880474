"""Keys of other systems: made once one has said who one is, shown once, ended at once."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ApiAnswer, ApiKey, AuditEntry
from accounts.services import Refused
from accounts.services.keys import ANSWERS_KEPT, USED_EVERY, answers_expire, key_authenticate, key_create, key_revoke
from accounts.tasks import api_answers_expire
from accounts.tenancy import business_scope
from accounts.tokens import token_hash
from tests.accounts.conftest import SignIn
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.factories import ApiAnswerFactory, ApiKeyFactory

pytestmark = pytest.mark.django_db
NEW = "/b/fjordstuen/settings/keys/new/"
FORM = {"name": "Booking system", "scopes": ["read", "write"], "valid_for": "90"}


@pytest.fixture
def owner(cast: Cast, confirmed: SignIn) -> Client:
    return confirmed(cast.fjordstuen.owner.user)


def secret_of(page: Any) -> str:
    found = re.search(r"ik_[0-9a-f]{32}_[\w-]{43}", page.content.decode())
    assert found
    return found[0]


class TestPages:
    def test_a_key_is_shown_once_and_kept_as_a_hash(self, cast: Cast, owner: Client) -> None:
        page = owner.post(NEW, FORM)
        secret = secret_of(page)
        assert page.headers["Cache-Control"].startswith("max-age=0")
        with business_scope(cast.fjordstuen.pk):
            key = ApiKey.objects.get()
            assert key.secret_hash == token_hash(secret)
            assert secret not in str(ApiKey.objects.values())
            assert key.scopes == ["read", "write"]
            assert key.expires_at is not None
            assert abs(key.expires_at - timezone.now() - dt.timedelta(days=90)) < dt.timedelta(minutes=1)
            entry = AuditEntry.objects.get(action="key.added")
        assert (entry.member_id, entry.data["name"]) == (cast.fjordstuen.owner.pk, "Booking system")
        listed = owner.get("/b/fjordstuen/settings/keys/").content.decode()
        assert "Booking system" in listed
        assert secret not in listed
        assert secret[36:44] in listed

    def test_it_opens(self, cast: Cast, owner: Client) -> None:
        caller = Caller(cast.fjordstuen, secret_of(owner.post(NEW, FORM)), None)
        assert caller.get("tags/").status == 200

    def test_one_says_first_who_one_is(self, cast: Cast, signed_in: SignIn) -> None:
        browser = signed_in(cast.fjordstuen.owner.user)
        for answer in (browser.get(NEW), browser.post(NEW, FORM)):
            assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")
        with business_scope(cast.fjordstuen.pk):
            assert not ApiKey.objects.exists()

    @pytest.mark.parametrize(
        ("values", "told"),
        [
            ({"scopes": []}, "Choose at least one thing the key may do."),
            ({"scopes": ["everything"]}, "Select a valid choice."),
            ({"name": ""}, "This field is required."),
            ({"name": "x" * 81}, "at most 80 characters"),
            ({"valid_for": "1"}, "Select a valid choice."),
        ],
    )
    def test_refusals_keep_the_input(self, cast: Cast, owner: Client, values: dict[str, Any], told: str) -> None:
        page = owner.post(NEW, {**FORM, **values})
        assert page.status_code == 422
        assert told in page.content.decode()
        with business_scope(cast.fjordstuen.pk):
            assert not ApiKey.objects.exists()

    def test_revoked_it_is_over_at_once(self, cast: Cast, owner: Client) -> None:
        caller = caller_make(cast.fjordstuen)
        assert caller.key
        path = f"/b/fjordstuen/settings/keys/{caller.key.pk}/revoke/"
        assert "Revoke the key Booking system?" in owner.get(path).content.decode()
        assert caller.get("tags/").status == 200
        assert owner.post(path).headers["Location"] == "/b/fjordstuen/settings/keys/"
        assert (caller.get("tags/").status, caller.get("tags/").code) == (401, "no_valid_key")
        assert owner.post(path).status_code == 302
        with business_scope(cast.fjordstuen.pk):
            assert AuditEntry.objects.filter(action="key.revoked").count() == 1
        assert "revoked" in owner.get("/b/fjordstuen/settings/keys/").content.decode()

    def test_what_has_happened_is_told(self, cast: Cast, owner: Client) -> None:
        owner.post(NEW, FORM)
        log = owner.get("/b/fjordstuen/activity/").content.decode()
        assert "made the API key Booking system" in log


class TestAuthentication:
    def test_what_opens_nothing(self, cast: Cast) -> None:
        caller = caller_make(cast.fjordstuen)
        secret = caller.secret
        wrong = [
            "",
            "ik_",
            "ik_x_y",
            secret[:-1],
            secret + "x",
            secret.upper(),
            secret.replace("ik_", "pk_"),
            secret.replace(cast.fjordstuen.business.public_id.hex, cast.duinzicht.business.public_id.hex),
            secret.replace(cast.fjordstuen.business.public_id.hex, "0" * 32),
            secret.replace(cast.fjordstuen.business.public_id.hex, "é" * 32),
        ]
        assert [each for each in wrong if key_authenticate(secret=each) is not None] == []
        headers = ["", "Bearer", f"Basic {secret}", secret, f"Token {secret}", f"Bearer {secret} x"]
        assert [each for each in headers if caller.get("tags/", authorization=each).status != 401] == []
        assert caller.get("tags/", authorization=f"bearer {secret}").status == 200

    def test_an_expired_key(self, cast: Cast) -> None:
        caller = caller_make(cast.fjordstuen)
        with business_scope(cast.fjordstuen.pk):
            ApiKey.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
        assert caller.get("tags/").status == 401

    def test_a_session_opens_nothing(self, cast: Cast) -> None:
        caller = Caller(cast.fjordstuen, "", None)
        caller.client.force_login(cast.fjordstuen.owner.user)
        assert caller.get("tags/").status == 401
        assert caller.post("tags/", {"name": "Made by a session"}).status == 401

    def test_its_use_is_noted_once_a_minute(self, cast: Cast) -> None:
        caller = caller_make(cast.fjordstuen)

        def used() -> Any:
            with business_scope(cast.fjordstuen.pk):
                return ApiKey.objects.get().last_used_at

        assert used() is None
        caller.get("guests/0/")
        first = used()
        assert first is not None
        caller.get("tags/")
        assert used() == first
        with business_scope(cast.fjordstuen.pk):
            ApiKey.objects.update(last_used_at=first - USED_EVERY)
        caller.get("tags/")
        assert used() > first


class TestServices:
    def test_refusals(self, cast: Cast) -> None:
        house = cast.fjordstuen
        made = {"business": house.business, "name": "Till", "by": house.owner}
        with business_scope(house.pk):
            with pytest.raises(Refused):
                key_create(**made, scopes=[], expires_at=None)
            with pytest.raises(Refused):
                key_create(**made, scopes=["all"], expires_at=None)
            with pytest.raises(Refused):
                key_create(**made, scopes=["read"], expires_at=timezone.now())
            with pytest.raises(ApiKey.DoesNotExist):
                key_revoke(key_id=0, by=house.owner)
            assert not ApiKey.objects.exists()

    def test_two_keys_are_never_alike(self, cast: Cast) -> None:
        first, second = caller_make(cast.fjordstuen), caller_make(cast.fjordstuen)
        assert first.secret != second.secret
        assert first.secret[:35] == second.secret[:35]

    def test_answers_go_with_their_key_and_after_a_day(self, cast: Cast) -> None:
        old = timezone.now() - ANSWERS_KEPT - dt.timedelta(minutes=1)
        for house in (cast.fjordstuen, cast.duinzicht):
            with business_scope(house.pk):
                ApiAnswerFactory(created_at=old)
                young = ApiAnswerFactory(key=ApiKeyFactory(name="Young"))
        api_answers_expire()
        for house in (cast.fjordstuen, cast.duinzicht):
            with business_scope(house.pk):
                (young,) = ApiAnswer.objects.select_related("key")
                assert young.key.name == "Young"
                assert answers_expire() == 0
                key_revoke(key_id=young.key_id, by=house.owner)
                assert not ApiAnswer.objects.exists()
