"""Merges, undos, edits and imports of the same guests at the same time, in real transactions: nobody dies, nothing is
lost."""

import os
import random
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from accounts.tenancy import business_scope
from accounts.tenancy.runs import tried_again
from customers.card.models import Customer, ExternalId, Tag
from customers.card.services import ContactValues, TagRefused, customer_update, tag_add
from customers.changes.models import ChangeSet
from customers.changes.services import CannotUndo, change_set, change_set_undo
from customers.consent.services import consent_record
from customers.facts.check import facts_check
from customers.history.models import Activity, Stay, StayParticipant
from customers.history.services import activity_add
from customers.lineage.models import CardLineage, MergedCard
from dedup.merging.services import MergeRefused, Order, merge, merge_many
from imports.models import ImportRun
from imports.services import run_begin, run_create, run_work, source_open
from tests.cast import House, cast_assemble
from tests.factories import CustomerFactory, EmailFactory
from tests.imports.files import booking, write

ACTS = int(os.environ.get("INNKEEPER_MERGES_AT_ONCE", "60"))
"""Acts of each of the four threads; by hand 2,500 for ten thousand."""
PATIENCE = max(550, 2 * ACTS)
"""Seconds after which threads that still work wait for each other for ever."""
GUESTS = 24
NOT_NOW = (MergeRefused, CannotUndo, Customer.DoesNotExist, TagRefused)


class Desk:
    """What one thread does, and how often it came about."""

    def __init__(self, house: House, seed: int, ids: list[int], tags: list[int]) -> None:
        self.house, self.ids, self.tags = house, ids, tags
        self.random = random.Random(seed)
        self.done: Counter[str] = Counter()
        self.errors: list[BaseException] = []
        self.merges: list[int] = []

    def work(self, acts: list[Callable[[], Any]]) -> None:
        try:
            for _each in range(ACTS):
                act = self.random.choice(acts)
                try:
                    tried_again(lambda act=act: self._scoped(act))  # type: ignore[misc]
                    self.done[act.__name__] += 1
                except NOT_NOW:
                    self.done["refused"] += 1
        except BaseException as error:
            self.errors.append(error)
        finally:
            connections.close_all()

    def _scoped(self, act: Callable[[], Any]) -> None:
        with business_scope(self.house.pk):
            act()

    def _guest(self) -> int:
        return self.random.choice(self.ids)

    def merged(self) -> None:
        self.merges.append(merge(customer_ids=self.random.sample(self.ids, 2)).pk)

    def merged_many(self) -> None:
        cards = self.random.sample(self.ids, 6)
        done = merge_many(orders=[Order(cards[place : place + 2]) for place in (0, 2, 4)])
        self.merges += done.merges.values()

    def undone(self) -> None:
        if self.merges:
            change_set_undo(change_set_id=self.merges.pop(self.random.randrange(len(self.merges))))

    def noted(self) -> None:
        activity_add(customer_id=self._guest(), text="Called")

    def edited(self) -> None:
        number = self.random.randrange(5)
        customer_update(
            business=self.house.business,
            customer_id=self._guest(),
            values={"city": f"City {number}"},
            contacts=ContactValues(emails=[f"guest{number}@berg.no"]),
        )

    def tagged(self) -> None:
        tag_add(customer_id=self._guest(), tag_id=self.random.choice(self.tags))

    def consented(self) -> None:
        granted = self.random.random() < 0.5
        consent_record(customer_id=self._guest(), purpose="newsletter", channel="email", granted=granted, source="desk")


@pytest.mark.django_db(transaction=True)
def test_merges_undos_edits_and_imports_of_the_same_guests(tmp_path: Path) -> None:
    house = cast_assemble().fjordstuen
    with business_scope(house.pk):
        with change_set(kind=ChangeSet.Kind.EDIT):
            cards = CustomerFactory.create_batch(GUESTS)
            for number, card in enumerate(cards):
                EmailFactory(customer=card, value=f"guest{number % 7}@berg.no", is_primary=True)
        ids = [card.pk for card in cards]
        tags = list(Tag.objects.values_list("pk", flat=True))
    rows = [booking(n, name=f"Guest {n % 7}", email=f"guest{n % 7}@berg.no") for n in range(60)]
    file = write(tmp_path / "stays.csv", rows)
    desks = [Desk(house, seed, ids, tags) for seed in range(4)]
    works = [
        [desks[0].merged, desks[0].merged_many, desks[0].undone],
        [desks[1].merged, desks[1].undone, desks[1].noted],
        [desks[2].noted, desks[2].edited, desks[2].tagged, desks[2].consented],
        [desks[3].noted, desks[3].edited, desks[3].merged, desks[3].undone],
    ]
    imports: list[BaseException] = []

    def imported() -> None:
        try:
            with business_scope(house.pk):
                run = run_create(source=source_open(path=file), file_name=file.name)
                run_begin(run=run)
            run_work(business_id=house.pk, run_id=run.pk, path=file)
        except BaseException as error:
            imports.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=desk.work, args=(acts,)) for desk, acts in zip(desks, works, strict=True)] + [
        threading.Thread(target=imported)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE)
    assert not any(thread.is_alive() for thread in threads)
    assert [desk.errors for desk in desks] == [[], [], [], []]
    assert imports == []
    with business_scope(house.pk):
        done = sum((desk.done for desk in desks), Counter())
        assert done["merged"] and done["undone"] and done["noted"]
        assert Activity.objects.count() == done["noted"]
        assert Stay.objects.count() == StayParticipant.objects.filter(is_payer=True).count() == 60
        assert ImportRun.objects.get().state == ImportRun.State.DONE
        # Every card is there or leads to one that is, never both.
        there = set(Customer.objects.values_list("pk", flat=True))
        leads = dict(CardLineage.objects.values_list("absorbed_id", "survivor_id"))
        assert there | set(leads) >= set(ids)
        assert not there & set(leads)
        assert set(leads.values()) <= there
        assert MergedCard.objects.count() == len(leads)
        assert ExternalId.objects.exclude(customer_id__in=there).count() == 0
        assert facts_check().differing == []
