"""The middleware of a business: a write that fails leaves nothing, and a stranger learns nothing."""

import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Member, User
from accounts.tenancy import (
    business_scope,
    current_business_id,
)
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from tests.accounts.catalogue import rows
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def setting() -> str:
    """The business that PostgreSQL's policies see."""
    ((value,),) = rows("SELECT coalesce(current_setting('innkeeper.business', true), '')")
    return str(value)


def page(answer: Any) -> str:
    """The body, but for the tokens that are drawn anew for every form."""
    return re.sub(r"\b[A-Za-z0-9]{64}\b", "", answer.content.decode())


@pytest.mark.urls("tests.accounts.failing_urls")
class TestMiddleware:
    """A write that fails leaves nothing, in whatever way it fails; what the visitor was told stays."""

    @pytest.fixture
    def browser(self, cast: Cast) -> Client:
        browser = Client(raise_request_exception=False)
        browser.force_login(cast.fjordstuen.reception.user)
        return browser

    @pytest.mark.parametrize(
        ("how", "status"),
        [
            ("raise", 500),
            ("raise-database", 500),
            ("raise-404", 404),
            ("raise-403", 403),
            ("raise-400", 400),
            ("template", 500),
            ("return-500", 500),
            ("return-503", 503),
            ("stream", 500),
        ],
    )
    def test_a_failed_write_leaves_nothing(self, cast: Cast, browser: Client, how: str, status: int) -> None:
        answer = browser.post(f"/b/fjordstuen/fail/{how}/")
        assert answer.status_code == status
        with business_scope(cast.fjordstuen.pk):
            assert not Customer.objects.exists()
            assert not ChangeSet.objects.exists()
        if status < 500:  # Django's session middleware keeps nothing of the others
            assert browser.session["remembered"] == "before it failed"

    @pytest.mark.parametrize("how", ["200", "302", "400", "404", "422", "lazy", "file"])
    def test_any_other_answer_is_committed(self, cast: Cast, browser: Client, how: str) -> None:
        answer = browser.post(f"/b/fjordstuen/fail/{how}/")
        assert answer.status_code == (int(how) if how.isdecimal() else 200)
        if how == "lazy":
            assert "Halfway complete" in answer.content.decode(), "the template was rendered inside the scope"
        with business_scope(cast.fjordstuen.pk):
            assert Customer.objects.get().family_name == "Halfway"

    def test_messages_survive_a_failure(self, browser: Client) -> None:
        browser.post("/b/fjordstuen/fail/raise/")
        later = browser.get("/accounts/login/").wsgi_request
        assert [str(message) for message in get_messages(later)] == ["Said before it failed"]

    def test_the_scope_is_closed_after_every_answer(self, browser: Client) -> None:
        for how in ("200", "raise", "raise-404", "template"):
            browser.post(f"/b/fjordstuen/fail/{how}/")
            assert current_business_id() is None
            assert setting() == ""

    def test_a_stranger_cannot_tell_a_business_from_none(self, cast: Cast) -> None:
        for user in (cast.stranger, cast.duinzicht.owner.user):
            browser = Client(raise_request_exception=False)
            browser.force_login(user)
            for method in ("get", "post", "put", "patch", "delete"):
                real = getattr(browser, method)("/b/fjordstuen/fail/200/")
                none = getattr(browser, method)("/b/fjordstuem/fail/200/")
                assert real.status_code == none.status_code == 404
                assert page(real).replace("fjordstuen", "?") == page(none).replace("fjordstuem", "?")
                assert dict(real.headers) == dict(none.headers)
        with business_scope(cast.fjordstuen.pk):
            assert not Customer.objects.exists()

    def test_an_unknown_address_is_the_same_404(self, cast: Cast) -> None:
        browser = Client()
        browser.force_login(cast.stranger)
        real, unknown = browser.get("/b/fjordstuen/fail/200/"), browser.get("/b/fjordstuen/no-such/")
        assert page(real).replace("fail/200", "?") == page(unknown).replace("no-such", "?")

    def test_a_former_member_is_a_stranger(self, cast: Cast, browser: Client) -> None:
        with business_scope(cast.fjordstuen.pk):
            Member.objects.filter(pk=cast.fjordstuen.reception.pk).update(is_active=False)
        assert browser.post("/b/fjordstuen/fail/200/").status_code == 404

    def test_a_blocked_user_is_signed_out(self, cast: Cast, browser: Client) -> None:
        User.objects.filter(pk=cast.fjordstuen.reception.user_id).update(is_active=False)
        answer = browser.post("/b/fjordstuen/fail/200/")
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("account_login"))

    def test_anonymous_goes_to_sign_in_and_comes_back(self, cast: Cast) -> None:
        for slug in ("fjordstuen", "fjordstuem"):
            answer = Client().get(f"/b/{slug}/fail/200/?page=2")
            assert answer.status_code == 302
            assert answer.headers["Location"] == f"{reverse('account_login')}?next=/b/{slug}/fail/200/%3Fpage%3D2"


@pytest.mark.django_db(transaction=True)
@pytest.mark.urls("tests.accounts.failing_urls")
def test_a_failed_write_leaves_nothing_in_a_real_transaction(transactional_cast: Cast) -> None:
    """The other tests run inside a transaction of their own; here the request's is the outermost."""
    browser = Client(raise_request_exception=False)
    browser.force_login(transactional_cast.fjordstuen.reception.user)
    for how in ("raise", "raise-database", "template", "return-500", "raise-403"):
        browser.post(f"/b/fjordstuen/fail/{how}/")
        assert not connection.in_atomic_block
        with business_scope(transactional_cast.fjordstuen.pk):
            assert not Customer.objects.exists()
    assert browser.post("/b/fjordstuen/fail/200/").status_code == 200
    with business_scope(transactional_cast.fjordstuen.pk):
        assert Customer.objects.count() == 1
