"""The look-up's tables while several people write at once, in real transactions."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from accounts.tenancy import business_scope
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Stay
from customers.search.models import Presence, Vocabulary
from customers.search.services import vocabulary_sweep
from tests.cast import Cast
from tests.factories import CustomerFactory, StayFactory, StayParticipantFactory

pytestmark = pytest.mark.django_db(transaction=True)


def elsewhere(house: int, act: Callable[[], Any]) -> Any:
    """The result of an act in another connection, which waits for a lock no longer than a second."""
    results: list[Any] = []

    def work() -> None:
        try:
            with business_scope(house):
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '1s'")
                results.append(act())
        except BaseException as error:
            results.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=30)
    (result,) = results
    if isinstance(result, BaseException):
        raise result
    return result


def test_two_writers_of_one_new_word_do_not_wait(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        CustomerFactory(search_tokens="gudrunsen")
        elsewhere(house, lambda: CustomerFactory(search_tokens="gudrunsen"))
    with business_scope(house):
        assert Vocabulary.objects.filter(token="gudrunsen").count() == 2, "a duplicate, and harmless"
        assert vocabulary_sweep() == 1
        assert Vocabulary.objects.filter(token="gudrunsen").count() == 1


def test_the_sweep_steps_back_from_a_writer(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        CustomerFactory(search_tokens="gudrunsen")
        assert elsewhere(house, vocabulary_sweep) is None
    assert elsewhere(house, vocabulary_sweep) == 0


def test_a_long_import_does_not_hold_up_the_desk(transactional_cast: Cast) -> None:
    """A presence row whose time has passed is left alone while another transaction holds it."""
    house = transactional_cast.fjordstuen
    today = timezone.localdate(timezone=house.business.zone)
    passed = 10**9
    with business_scope(house.pk):
        guest = CustomerFactory(search_tokens="kari")
        Presence.objects.create(
            stay_id=passed, customer_id=guest.pk, in_house=False, is_booked=True, unit="", tokens=" kari ",
            arrival=today - dt.timedelta(days=9), departure=today - dt.timedelta(days=4),
        )  # fmt: skip
        with change_set(kind=ChangeSet.Kind.EDIT):
            stay = StayFactory(status=Stay.Status.BOOKED, arrival=today, departure=today)
    with business_scope(house.pk):
        assert Presence.objects.select_for_update().get(stay_id=passed)
        elsewhere(house.pk, lambda: StayParticipantFactory(stay=stay, customer=guest))
    with business_scope(house.pk):
        assert set(Presence.objects.values_list("stay_id", flat=True)) == {stay.pk, passed}
