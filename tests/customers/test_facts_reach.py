"""What facts say of addresses, consents and reach is what the contact rules say, whatever comes together."""

from itertools import product

import pytest
from django.db import connection

from customers.card.models import ContactPoint, Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.consent.models import CONSENTS, ConsentEvent, Purpose
from customers.consent.services import consent_record
from customers.facts.models import CustomerFacts
from customers.permission.reasons import REACH
from customers.permission.selectors import may_contact
from tests.cast import House
from tests.customers.facts_recount import state_told
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db

EDIT = ChangeSet.Kind.EDIT
CHANNELS = {"email": ("email", "email_state", "email_reach"), "sms": ("phone", "phone_state", "sms_reach")}
STATES = ContactPoint.State.values
ADDRESSES = [(), *((state,) for state in STATES), *product(STATES, repeat=2)]
MIX = list(product((False, True), (False, True), (False, True), (None, True, False), ADDRESSES))


def mixed_guests() -> dict[int, tuple[str, ...]]:
    """A guest for every combination of flags, consent and states of up to two addresses of each kind; the states by
    guest, the primary one's first though it was added last."""
    with change_set(kind=EDIT):
        guests = Customer.objects.bulk_create(
            Customer(family_name="Berg", is_restricted=restricted, is_deceased=deceased, do_not_contact=silent)
            for restricted, deceased, silent, _consent, _states in MIX
        )
        ContactPoint.objects.bulk_create(
            ContactPoint(customer=guest, kind=kind, value=f"{kind} {place}", state=state, is_primary=place == 0)
            for guest, (*_, states) in zip(guests, MIX, strict=True)
            for kind, _state, _reach in CHANNELS.values()
            for place, state in reversed(list(enumerate(states)))
        )
    ConsentEvent.objects.bulk_create(
        ConsentEvent(
            customer_id=guest.pk,
            purpose=Purpose.NEWSLETTER,
            channel=channel,
            act="granted" if consent else "withdrawn",
            source="desk",
        )
        for guest, (*_, consent, _states) in zip(guests, MIX, strict=True)
        for channel in CHANNELS
        if consent is not None
    )
    return {guest.pk: states for guest, (*_, states) in zip(guests, MIX, strict=True)}


def assert_rules_and_facts_agree(states: dict[int, tuple[str, ...]]) -> None:
    facts = {each.customer_id: each for each in CustomerFacts.objects.filter(customer_id__in=states)}
    for channel, (_kind, state, reach) in CHANNELS.items():
        verdicts = may_contact(ids=list(states), purpose="newsletter", channel=channel)
        for pk, verdict in verdicts.items():
            expected = 0 if verdict.allowed else REACH.index(verdict.reasons[0]) + 1
            assert getattr(facts[pk], reach) == expected, (channel, verdict, states[pk])
            assert getattr(facts[pk], state) == state_told(states[pk]), (channel, states[pk])


def test_every_combination_of_flags_consents_and_addresses(fjordstuen: House) -> None:
    """After each was added, and after every address, flag and consent has become another."""
    states = mixed_guests()
    assert_rules_and_facts_agree(states)
    assert set(CustomerFacts.objects.values_list("email_reach", flat=True)) == set(range(len(REACH) + 1))
    after = dict(zip(STATES, [*STATES[1:], STATES[0]], strict=True))
    with change_set(kind=EDIT), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_contactpoint SET state = %s::jsonb ->> state",
            [str(after).replace("'", '"')],
        )
        cursor.execute(
            "UPDATE customers_customer SET is_restricted = is_deceased, is_deceased = do_not_contact,"
            " do_not_contact = is_restricted"
        )
    states = {pk: tuple(after[state] for state in each) for pk, each in states.items()}
    assert_rules_and_facts_agree(states)
    ConsentEvent.objects.bulk_create(
        ConsentEvent(customer_id=pk, purpose="newsletter", channel=channel, act=act, source="desk")
        for number, pk in enumerate(states)
        for channel, act in zip(CHANNELS, (("granted", "withdrawn"), ("withdrawn", "granted"))[number % 2], strict=True)
    )
    assert_rules_and_facts_agree(states)
    with change_set(kind=EDIT):
        ContactPoint.objects.all().delete()
    assert_rules_and_facts_agree(dict.fromkeys(states, ()))


@pytest.mark.usefixtures("fjordstuen")
@pytest.mark.parametrize(("place", "consent"), list(enumerate(CONSENTS)))
def test_every_consent_has_its_two_bits(place: int, consent: tuple[str, str]) -> None:
    guest = CustomerFactory()
    purpose, channel = consent
    for granted, bits in ((True, 1), (False, 2), (True, 1)):
        consent_record(customer_id=guest.pk, purpose=purpose, channel=channel, granted=granted, source="desk")
        assert CustomerFacts.objects.get(customer=guest).consents == bits << 2 * place


@pytest.mark.usefixtures("fjordstuen")
def test_a_card_that_comes_back_has_its_consents_in_its_facts() -> None:
    guest = CustomerFactory()
    consent_record(customer_id=guest.pk, purpose="newsletter", channel="sms", granted=True, source="desk")
    with change_set(kind=EDIT):
        Customer.objects.filter(pk=guest.pk).delete()
    assert not CustomerFacts.objects.exists()
    with change_set(kind=EDIT):
        Customer.objects.bulk_create([Customer(pk=guest.pk, family_name="Berg")])
    assert CustomerFacts.objects.get(customer_id=guest.pk).consents == 4


@pytest.mark.usefixtures("fjordstuen")
def test_what_changes_every_day_stands_in_no_index() -> None:
    """With room on its page such a row is updated beside the old one, and no index is touched."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid"
            " AND a.attnum = ANY (i.indkey) WHERE i.indrelid = 'customers_customerfacts'::regclass"
        )
        indexed = {name for (name,) in cursor.fetchall()}
        cursor.execute("SELECT reloptions FROM pg_class WHERE oid = 'customers_customerfacts'::regclass")
        (options,) = cursor.fetchone()
    busy = "tags consents email_state phone_state email_reach sms_reach last_activity next_arrival value_12_months"
    assert "arrivals" not in indexed
    assert indexed.isdisjoint(busy.split())
    assert options == ["fillfactor=80"]
