"""Scope, policies, manager and tasks: no row of one business is seen or touched from another."""

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, transaction

from accounts.models import AuditEntry, Member, Property, Role
from accounts.selectors import membership_find, membership_list
from accounts.tenancy import (
    NoBusiness,
    business_scope,
    current_business_id,
    current_member_id,
    require_business_id,
)
from accounts.tenancy.tasks import TenantTask
from crm.celery import app
from customers.card.models import ContactPoint, Customer, CustomerTag, Tag
from customers.changes.models import Change, ChangeSet
from customers.changes.services import change_set
from customers.history.models import Stay, StayParticipant
from tests.accounts.catalogue import rows, tenant_tables
from tests.cast import Cast, House
from tests.factories import (
    AuditEntryFactory,
    CustomerFactory,
    EmailFactory,
    PhoneFactory,
    StayFactory,
    StayParticipantFactory,
)

pytestmark = pytest.mark.django_db


def setting() -> str:
    """The business that PostgreSQL's policies see."""
    ((value,),) = rows("SELECT coalesce(current_setting('innkeeper.business', true), '')")
    return str(value)


def guest_of(house: House, **values: Any) -> Customer:
    with business_scope(house.pk):
        return CustomerFactory(**values)


class TestScope:
    def test_a_forgotten_scope_is_a_clear_error(self, cast: Cast) -> None:
        guest_of(cast.fjordstuen)
        for model in (Customer, ContactPoint, Tag, Stay, ChangeSet, Member, Property):
            with pytest.raises(NoBusiness, match="Open business_scope"):
                model.objects.count()
        with pytest.raises(NoBusiness):
            require_business_id()
        with pytest.raises(NoBusiness):
            Customer.objects.create(given_name="Nobody's")

    def test_a_forgotten_filter_returns_nothing(self, cast: Cast) -> None:
        guest_of(cast.fjordstuen)
        assert rows("SELECT count(*) FROM customers_customer") == [(0,)]
        for table in tenant_tables():
            assert rows(f"SELECT count(*) FROM {table}") == [(0,)]

    def test_raw_sql_sees_one_business(self, cast: Cast) -> None:
        theirs = guest_of(cast.duinzicht)
        mine = guest_of(cast.fjordstuen)
        with business_scope(cast.fjordstuen.pk):
            assert rows("SELECT id FROM customers_customer") == [(mine.pk,)]
            assert rows("SELECT id FROM customers_customer WHERE business_id = %s", cast.duinzicht.pk) == []
            assert rows("SELECT id FROM customers_customer WHERE id = %s OR true", theirs.pk) == [(mine.pk,)]
            assert not rows("SELECT 1 FROM customers_change WHERE row_id = %s", theirs.pk)

    def test_a_setting_that_is_no_business_sees_nothing(self, cast: Cast) -> None:
        guest_of(cast.fjordstuen)
        for value in ("", "0", "-1", str(2**62)):
            with transaction.atomic():
                rows("SELECT set_config('innkeeper.business', %s, true)", value)
                assert rows("SELECT count(*) FROM customers_customer") == [(0,)]

    def test_unscoped_managers_are_held_by_the_policy(self, cast: Cast) -> None:
        """``_base_manager``, ``refresh_from_db`` and ``save`` go past the manager, not past PostgreSQL."""
        theirs = guest_of(cast.duinzicht, city="Zandvoort")
        with business_scope(cast.fjordstuen.pk):
            with pytest.raises(Customer.DoesNotExist):
                theirs.refresh_from_db()
            assert not Customer._base_manager.filter(pk=theirs.pk).exists()
            theirs.city = "Bergen"
            with pytest.raises(DatabaseError), change_set(kind=ChangeSet.Kind.EDIT):
                theirs.save(force_update=True)
        with business_scope(cast.duinzicht.pk):
            assert Customer.objects.get().city == "Zandvoort"

    def test_insert_into_another_business_is_refused(self, cast: Cast) -> None:
        with business_scope(cast.fjordstuen.pk):
            with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
                Tag.objects.create(business_id=cast.duinzicht.pk, name="Smuggled")
            with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
                # Nothing is read back here, so that the check on writing is the only one.
                rows(
                    "WITH added AS (INSERT INTO customers_tag (business_id, code, name, created_at)"
                    " VALUES (%s, '', 'Smuggled', now())) SELECT 1",
                    cast.duinzicht.pk,
                )
            with (
                pytest.raises(ProgrammingError, match="row-level security"),
                change_set(kind=ChangeSet.Kind.EDIT),
            ):
                Customer.objects.bulk_create([Customer(business_id=cast.duinzicht.pk, given_name="Smuggled")])

    def test_a_row_cannot_be_moved_to_another_business(self, cast: Cast) -> None:
        mine = guest_of(cast.fjordstuen)
        with business_scope(cast.fjordstuen.pk):
            with pytest.raises(ProgrammingError, match="row-level security"), change_set(kind=ChangeSet.Kind.EDIT):
                Customer.objects.filter(pk=mine.pk).update(business_id=cast.duinzicht.pk)
            with change_set(kind=ChangeSet.Kind.EDIT):
                assert rows("UPDATE customers_customer SET city = 'x' RETURNING id") == [(mine.pk,)]

    def test_update_and_delete_do_not_reach_another_business(self, cast: Cast) -> None:
        theirs = guest_of(cast.duinzicht)
        with business_scope(cast.fjordstuen.pk), change_set(kind=ChangeSet.Kind.EDIT):
            assert Customer.objects.filter(pk=theirs.pk).update(city="x") == 0
            assert rows("UPDATE customers_customer SET city = 'x' WHERE id = %s RETURNING id", theirs.pk) == []
            assert rows("DELETE FROM customers_customer WHERE id = %s RETURNING id", theirs.pk) == []

    def test_a_reference_to_another_businesss_row_is_refused(self, cast: Cast) -> None:
        theirs = guest_of(cast.duinzicht)
        with business_scope(cast.duinzicht.pk):
            their_house = Property.objects.get()
            their_tag = Tag.objects.first()
        mine = guest_of(cast.fjordstuen)
        day = dt.date(2026, 1, 1)
        with business_scope(cast.fjordstuen.pk):
            for forged in (
                ContactPoint(customer_id=theirs.pk, kind="email", value="a@example.com"),
                CustomerTag(customer_id=mine.pk, tag=their_tag, slot=1),
                Stay(property=their_house, arrival=day, departure=day),
                StayParticipant(stay=StayFactory(), customer_id=theirs.pk),
            ):
                with (
                    pytest.raises(IntegrityError, match="tenant_fk"),
                    change_set(kind=ChangeSet.Kind.EDIT),
                ):
                    forged.save(force_insert=True)

    def test_a_guest_with_history_cannot_be_deleted_underneath_it(self, fjordstuen: House) -> None:
        part = StayParticipantFactory()
        with pytest.raises(IntegrityError), change_set(kind=ChangeSet.Kind.EDIT):
            rows("DELETE FROM customers_customer WHERE id = %s RETURNING id", part.customer_id)

    def test_nested_scopes_are_restored(self, cast: Cast) -> None:
        mine, theirs = guest_of(cast.fjordstuen), guest_of(cast.duinzicht)
        with business_scope(cast.fjordstuen.pk, cast.fjordstuen.admin.pk):
            with business_scope(cast.duinzicht.pk, cast.duinzicht.owner.pk):
                assert (current_business_id(), current_member_id()) == (cast.duinzicht.pk, cast.duinzicht.owner.pk)
                assert list(Customer.objects.all()) == [theirs]
            assert (current_business_id(), current_member_id()) == (cast.fjordstuen.pk, cast.fjordstuen.admin.pk)
            assert setting() == str(cast.fjordstuen.pk)
            assert rows("SELECT current_setting('innkeeper.member')") == [(str(cast.fjordstuen.admin.pk),)]
            assert list(Customer.objects.all()) == [mine]
        assert current_business_id() is None
        assert setting() == ""

    def test_an_exception_restores_the_outer_scope(self, cast: Cast) -> None:
        mine = guest_of(cast.fjordstuen)
        with business_scope(cast.fjordstuen.pk):
            for fail in (lambda: rows("SELECT 1 / 0"), lambda: rows("no sql"), lambda: 1 / 0):
                with pytest.raises(Exception, match=r"zero|syntax"), business_scope(cast.duinzicht.pk):
                    fail()
                assert current_business_id() == cast.fjordstuen.pk
                assert setting() == str(cast.fjordstuen.pk)
                assert list(Customer.objects.all()) == [mine]
        assert setting() == ""

    def test_a_nested_scope_marked_for_rollback_restores_the_outer_one(self, cast: Cast) -> None:
        with business_scope(cast.fjordstuen.pk):
            with business_scope(cast.duinzicht.pk):
                CustomerFactory()
                transaction.set_rollback(True)
            assert setting() == str(cast.fjordstuen.pk)
        with business_scope(cast.duinzicht.pk):
            assert not Customer.objects.exists()

    def test_a_nested_scope_does_not_inherit_the_change_set(self, cast: Cast) -> None:
        """An act belongs to one business; another business's rows are never recorded under it."""
        with business_scope(cast.fjordstuen.pk), change_set(kind=ChangeSet.Kind.EDIT):
            with business_scope(cast.duinzicht.pk):
                with pytest.raises(IntegrityError, match="outside a change set"), transaction.atomic():
                    Customer.objects.create(given_name="Nobody's act")
                theirs = CustomerFactory()
                assert (
                    Change.objects.get(row_id=theirs.pk, record="customer").change_set_id == ChangeSet.objects.get().pk
                )
            mine = CustomerFactory()
            assert Change.objects.get(row_id=mine.pk, record="customer").change_set_id == ChangeSet.objects.get().pk

    def test_the_log_cannot_be_changed(self, fjordstuen: House) -> None:
        entry = AuditEntryFactory()
        for statement in ("UPDATE accounts_auditentry SET action = 'x'", "DELETE FROM accounts_auditentry"):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                rows(statement)
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            rows("TRUNCATE accounts_auditentry")
        assert AuditEntry.objects.filter(pk=entry.pk).exists()

    def test_definer_functions_see_the_business_in_scope_alone(self, cast: Cast) -> None:
        """They run past the policies and carry the condition themselves."""
        with business_scope(cast.duinzicht.pk):
            theirs = CustomerFactory(given_name="Kanarie")
            EmailFactory(customer=theirs, value="kanarie@example.com")
            PhoneFactory(customer=theirs, value="+31 6 12345678", country="NL")
            stay = StayFactory(reference="KANARIE-1", amount=900, currency="EUR")
            StayParticipantFactory(customer=theirs, stay=stay, is_guest=True, is_payer=True)
        within = "SELECT customers_stays_within(%s, NULL, NULL, NULL, NULL, NULL, NULL, 'EUR', %s, NULL, %s)"
        lookup = "SELECT customer_id FROM customers_lookup(%s, %s, %s, %s, 9)"
        asked = (
            (lookup, "kanarie@", [], [], ""),
            (lookup, "", ["612345678"], [""], ""),
            (lookup, "", ["45678"], [""], ""),
            (lookup, "", [], [], "kanarie"),
            ("SELECT customers_words_holding(%s, 9)", "anari"),
            ("SELECT customers_words_like(%s, 9)", "kanorie"),
            (within, "count", 1, False),
            (within, "nights", 1, False),
            (within, "amount", 1, False),
            (within, "amount", 1000, True),
        )
        for query, *values in asked:
            with business_scope(cast.duinzicht.pk):
                assert rows(query, *values), query
            with business_scope(cast.fjordstuen.pk):
                assert rows(query, *values) == []
            assert rows(query, *values) == []

    def test_memberships_cross_businesses_as_ids_only(self, cast: Cast) -> None:
        user = cast.fjordstuen.owner.user
        with business_scope(cast.duinzicht.pk):
            second = Member.objects.create(user=user, role=Role.RECEPTION)
        assert [(m.business.slug, m.member_id) for m in membership_list(user_id=user.pk)] == [
            ("duinzicht", second.pk),
            ("fjordstuen", cast.fjordstuen.owner.pk),
        ]
        assert membership_find(user_id=cast.stranger.pk, business_id=cast.fjordstuen.pk) is None
        with business_scope(cast.duinzicht.pk):
            Member.objects.filter(pk=second.pk).update(is_active=False)
        assert membership_find(user_id=user.pk, business_id=cast.duinzicht.pk) is None


@pytest.mark.django_db(transaction=True)
def test_the_scope_ends_with_its_transaction(transactional_cast: Cast) -> None:
    """On one connection, as a pool would hand it to the next: nothing stays behind after commit, rollback or error."""
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        assert setting() == str(house.pk)
        mine = CustomerFactory()
    assert setting() == ""
    assert rows("SELECT count(*) FROM customers_customer") == [(0,)]
    with pytest.raises(RuntimeError), business_scope(house.pk):
        CustomerFactory()
        raise RuntimeError
    assert setting() == ""
    with pytest.raises(DatabaseError), business_scope(house.pk):
        rows("SELECT 1 / 0")
    assert setting() == ""
    with business_scope(house.pk):
        transaction.set_rollback(True)
    assert setting() == ""
    with business_scope(house.pk):
        assert list(Customer.objects.all()) == [mine]
    rows("SELECT set_config('innkeeper.business', %s, true)", str(house.pk))
    assert rows("SELECT count(*) FROM customers_customer") == [(0,)], "outside a transaction the setting does not last"


class TestTask:
    @pytest.fixture
    def counting(self) -> Any:
        @app.task(base=TenantTask, name="tests.guests_count")
        def guests_count(business_id: int, member_id: int | None = None) -> tuple[int | None, int | None, int]:
            return current_business_id(), current_member_id(), Customer.objects.count()

        yield guests_count
        del app.tasks["tests.guests_count"]

    def test_opens_the_scope_of_its_business(self, cast: Cast, counting: Any) -> None:
        guest_of(cast.fjordstuen)
        assert counting.apply(args=[cast.fjordstuen.pk]).get() == (cast.fjordstuen.pk, None, 1)
        assert counting.apply(
            kwargs={"business_id": cast.duinzicht.pk, "member_id": cast.duinzicht.admin.pk}
        ).get() == (cast.duinzicht.pk, cast.duinzicht.admin.pk, 0)
        assert current_business_id() is None

    @pytest.mark.parametrize("arguments", [[], [None], ["1"], [True]])
    def test_without_a_business_fails_at_once(self, counting: Any, arguments: list[Any]) -> None:
        with pytest.raises(NoBusiness, match="without a business id"):
            counting.apply(args=arguments).get()

    def test_may_open_scopes_itself(self, cast: Cast) -> None:
        @app.task(base=TenantTask, name="tests.scoped_by_itself", scoped=False)
        def by_itself(business_id: int) -> int | None:
            return current_business_id()

        try:
            assert by_itself.apply(args=[cast.fjordstuen.pk]).get() is None
            with pytest.raises(NoBusiness):
                by_itself.apply(args=[]).get()
        finally:
            del app.tasks["tests.scoped_by_itself"]
