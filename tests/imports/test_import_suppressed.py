"""A file brings an address that must not be written to: the guest is taken in, and nobody writes to them."""

from pathlib import Path

import pytest

from accounts.tenancy import business_scope
from customers.bulk.models import BulkRun
from customers.card.models import Customer
from customers.changes.services import change_set_undo
from customers.facts.models import CustomerFacts
from customers.permission.models import Suppression
from customers.permission.reasons import REACH, Reason
from customers.permission.selectors import may_contact
from customers.permission.suppressing import suppress
from tests.cast import House
from tests.imports.files import guest
from tests.imports.loading import load

CONSENTS = {"newsletter_email": "yes", "newsletter_email_date": "2026-01-02", "newsletter_email_source": "Signed card"}


def assert_held(house: House, reason: Reason) -> None:
    with business_scope(house.pk):
        (pk,) = Customer.objects.values_list("pk", flat=True)
        for purpose in ("newsletter", "offer"):
            told = may_contact(ids=[pk], purpose=purpose, channel="email")[pk]
            assert told.reasons == (reason,), purpose
        assert CustomerFacts.objects.get().email_reach == REACH.index(reason) + 1
        assert Suppression.objects.count() == 1


@pytest.mark.parametrize(
    ("reason", "told"),
    [("bounce", Reason.BOUNCED), ("unsubscribed", Reason.OPTED_OUT), ("complaint", Reason.OPTED_OUT)],
)
def test_it_stays_suppressed_whatever_the_file_says(house: House, tmp_path: Path, reason: str, told: Reason) -> None:
    with business_scope(house.pk):
        suppress(kind="email", normalised="ase@fjord.no", reason=reason)
    rows = [guest(**CONSENTS)]
    load(house, tmp_path / "a.csv", rows)
    assert_held(house, told)
    load(house, tmp_path / "b.csv", rows)
    assert_held(house, told)


def test_a_guest_who_comes_again_after_the_import_was_taken_back_is_held_too(house: House, tmp_path: Path) -> None:
    rows = [guest(**CONSENTS)]
    run = load(house, tmp_path / "a.csv", rows)
    with business_scope(house.pk):
        suppress(kind="email", normalised="ase@fjord.no", reason="unsubscribed")
        change_set_undo(change_set_id=run.change_set_id)
        assert not Customer.objects.exists()
        assert not BulkRun.objects.exists()
    load(house, tmp_path / "b.csv", rows)
    assert_held(house, Reason.OPTED_OUT)
