"""Nine tags on a guest at most: at the desk, at many desks at once, and in the database itself."""

import threading

import pytest
from django.db import IntegrityError, connections

from accounts.tenancy import business_scope
from customers.card.models import MAX_TAGS, CustomerTag
from customers.card.services import TagRefused, tag_add, tag_remove
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from tests.cast import Cast
from tests.factories import CustomerFactory, CustomerTagFactory, TagFactory


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_end_with_nine_and_eleven_clear_refusals(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        guest = CustomerFactory(given_name="Kari", family_name="Nordmann")
        tags = [TagFactory() for _ in range(20)]
    outcomes: list[str] = []
    together = threading.Barrier(len(tags))

    def add(tag_id: int) -> None:
        try:
            together.wait(timeout=60)
            with business_scope(house.pk):
                tag_add(customer_id=guest.pk, tag_id=tag_id)
            outcomes.append("added")
        except Exception as error:
            outcomes.append(f"{type(error).__name__}: {error}")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=add, args=[tag.pk]) for tag in tags]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    with business_scope(house.pk):
        assert sorted(CustomerTag.objects.values_list("slot", flat=True)) == list(range(1, MAX_TAGS + 1))
        assert ChangeSet.objects.filter(title__startswith="Tagged").count() == MAX_TAGS
    refused = [outcome for outcome in outcomes if outcome != "added"]
    assert len(outcomes) == 20
    assert len(refused) == 11
    for words in refused:
        assert words.startswith("TagRefused: A guest can carry at most 9 tags. Remove one from Kari Nordmann")


@pytest.mark.django_db
@pytest.mark.usefixtures("fjordstuen")
class TestOneAfterAnother:
    def test_a_place_that_becomes_free_is_taken_again(self) -> None:
        guest = CustomerFactory()
        tags = [TagFactory() for _ in range(10)]
        for tag in tags[:9]:
            assert tag_add(customer_id=guest.pk, tag_id=tag.pk)
        with pytest.raises(TagRefused):
            tag_add(customer_id=guest.pk, tag_id=tags[9].pk)
        assert tag_add(customer_id=guest.pk, tag_id=tags[0].pk) is None, "it is there already"
        tag_remove(customer_id=guest.pk, tag_id=tags[4].pk)
        assert tag_add(customer_id=guest.pk, tag_id=tags[9].pk)
        assert CustomerTag.objects.get(tag=tags[9]).slot == 5

    @pytest.mark.parametrize(
        ("slot", "constraint"), [(0, "customer_tag_nine"), (10, "customer_tag_nine"), (1, "customer_tag_slot")]
    )
    def test_the_database_holds_the_limit_by_itself(self, slot: int, constraint: str) -> None:
        guest = CustomerTagFactory(slot=1).customer
        with pytest.raises(IntegrityError, match=constraint), change_set(kind=ChangeSet.Kind.EDIT):
            CustomerTag.objects.create(customer=guest, tag=TagFactory(), slot=slot)
