"""Those who follow changes and those who write cards do not stand in each other's way."""

import random
import threading

import pytest
from django.db import connections

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from dedup.merging.services import merge
from dedup.register import follow
from dedup.register.follow import register_follow
from dedup.register.models import CardKey, CardProfile, Match
from tests.cast import Cast
from tests.dedup.register.cards import crowd, followed, twins, walked


@pytest.mark.django_db(transaction=True)
def test_merges_removals_and_edits_while_two_follow(transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "BATCH", 5)
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        crowd(30)
        pairs = [twins(emails=[f"sigrid.aasen{at}@example.no"], phones=[f"+4791234{at:03d}"]) for at in range(12)]
    walked(house)
    faults: list[BaseException] = []
    done = threading.Event()

    def follows() -> None:
        try:
            while not done.is_set():
                register_follow(business_id=house)
        except BaseException as error:
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=follows) for _ in range(2)]
    for thread in threads:
        thread.start()
    draw = random.Random(3)
    try:
        for at, (one, other) in enumerate(pairs):
            with business_scope(house):
                if at % 3 == 0:
                    merge(customer_ids=[one.pk, other.pk])
                elif at % 3 == 1:
                    with change_set(kind=ChangeSet.Kind.EDIT):
                        ContactPoint.objects.filter(customer=other).delete()
                        Customer.objects.filter(pk=other.pk).delete()
                else:
                    with change_set(kind=ChangeSet.Kind.EDIT):
                        Customer.objects.filter(pk=other.pk).update(city=f"Elverum {draw.randrange(100)}")
    finally:
        done.set()
        for thread in threads:
            thread.join(120)
    assert faults == []
    followed(house)
    with business_scope(house):
        cards = set(Customer.objects.values_list("pk", flat=True))
        assert set(CardProfile.objects.values_list("customer_id", flat=True)) == cards
        keyed = {(key, profile.customer_id) for profile in CardProfile.objects.all() for key in profile.keys}
        assert set(CardKey.objects.values_list("key", "customer_id")) == keyed
        still = Match.objects.filter(state="open").values_list("left_id", "right_id")
        assert {pk for pair in still for pk in pair} <= cards
        assert {(one.pk, other.pk) for at, (one, other) in enumerate(pairs) if at % 3 == 2} <= set(still)
        assert Match.objects.filter(state="merged").count() == 4
