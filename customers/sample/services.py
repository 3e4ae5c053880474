"""Write sample guests: sixty into any business, or a whole demo register in batches."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from queue import Full, Queue
from time import perf_counter
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Business, Member, Property
from accounts.tenancy import business_scope
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_close, change_set_open, recording
from customers.sample.generator import batch_sizes, generate
from customers.sample.profiles import Profile, profile_for
from customers.sample.rows import Batch
from customers.sample.sql import batch_write, sample_lock

SAMPLE_GUESTS = 60
TITLE = gettext_noop("Sample guests")


class SampleExists(Exception):
    """The business already has sample guests; the message says what to do, for people."""


class RegisterBusy(Exception):
    """Another run fills the same register just now; the message says so, for people."""


@dataclass(frozen=True)
class Filled:
    """What a run wrote: rows in this run, guests in all, seconds."""

    guests: int
    stays: int
    total: int
    seconds: float


def sample_current() -> ChangeSet | None:
    """The change set that added the sample guests of the business in scope; ``None`` without any or once undone."""
    acts = ChangeSet.objects.filter(kind=ChangeSet.Kind.SAMPLE).exclude(state=ChangeSet.State.UNDONE)
    return acts.order_by("-id").first()


def sample_add(*, business: Business, member: Member | None) -> ChangeSet:
    """Add some sixty believable guests with stays to the business in scope, as one change set.

    They come from the business's country and neighbours, stay at its own properties and are around today, so that every
    page has something to show. To remove them, undo the change set. Raises :class:`SampleExists` when there are some.
    """
    # Two clicks at once: the second waits for the first and finds its guests.
    sample_lock(business_id=business.pk)
    if sample_current() is not None:
        raise SampleExists(_("There are sample guests here already. Remove them first if you want new ones."))
    properties = list(Property.objects.order_by("id")[:3])
    if not properties:
        properties = [Property.objects.create(name=business.name, kind=Property.Kind.HOTEL)]
    profile = replace(
        profile_for(
            country=business.country, currency=business.currency, kinds=[str(place.kind) for place in properties]
        ),
        sort_language=business.language,
        codes="EX",
        current=6.0,
        agency_share=0.0,
        online_agents=("Booking.com",),
    )
    batch = generate(profile, seed="sample", today=_today(business), number=0, size=SAMPLE_GUESTS, staff=1)
    with change_set(kind=ChangeSet.Kind.SAMPLE, title=TITLE, member=member) as act:
        batch_write(batch, properties=properties, staff=[member] if member else [])
        act.result = {"guests": len(batch.customers), "stays": len(batch.stays)}
        ChangeSet.objects.filter(pk=act.pk).update(result=act.result)
    return act


def register_fill(
    *, business: Business, profile: Profile, guests: int, seed: str = "1", today: date | None = None
) -> Filled:
    """Fill a demo business up to ``guests`` cards, in batches of one transaction each, all under one change set.

    What is there already stays: run again it adds nothing, or the guests that are missing. A run that was killed is
    continued by the next one, with the day and seed it began with. A register that somebody removed by undo stays
    removed. Memory stays flat: while PostgreSQL writes one batch, the next one is made.
    """
    began = perf_counter()
    with business_scope(business.pk):
        act = _register_act(seed=seed, today=today or _today(business))
        if act is None:
            return Filled(0, 0, 0, perf_counter() - began)
        state = act.result
        properties = list(Property.objects.order_by("id")[: len(profile.places)])
        staff = list(Member.objects.filter(is_active=True).select_related("user").order_by("id"))
    added = stays = 0
    missing = guests - state["guests"]
    if missing > 0:
        with business_scope(business.pk):
            ChangeSet.objects.filter(pk=act.pk).update(state=ChangeSet.State.OPEN)
        sizes = batch_sizes(missing, first=state["batches"])
        with _made_ahead(
            replace(profile, sort_language=business.language),
            seed=state["seed"],
            today=date.fromisoformat(state["today"]),
            sizes=sizes,
            staff=len(staff),
        ) as batches:
            for batch in batches:
                with business_scope(business.pk), recording(act.pk):
                    state = _locked_state(act, expected=state)
                    batch_write(batch, properties=properties, staff=staff)
                    state = {**state, "batches": state["batches"] + 1}
                    state |= {
                        "guests": state["guests"] + len(batch.customers),
                        "stays": state["stays"] + len(batch.stays),
                    }
                    ChangeSet.objects.filter(pk=act.pk).update(result=state)
                added, stays = added + len(batch.customers), stays + len(batch.stays)
    if act.state == ChangeSet.State.OPEN or missing > 0:
        with business_scope(business.pk):
            change_set_close(change_set_id=act.pk, result=state)
    return Filled(added, stays, state["guests"], perf_counter() - began)


def _today(business: Business) -> date:
    return timezone.localdate(timezone=business.zone)


def _register_act(*, seed: str, today: date) -> ChangeSet | None:
    """The change set the demo register is written under, a new one if need be; ``None`` once it has been undone."""
    acts = ChangeSet.objects.filter(kind=ChangeSet.Kind.SAMPLE, result__has_key="seed")
    found = acts.order_by("-id").first()
    if found is not None:
        return None if found.state == ChangeSet.State.UNDONE else found
    act = change_set_open(kind=ChangeSet.Kind.SAMPLE, title=TITLE)
    act.result = {"seed": seed, "today": today.isoformat(), "batches": 0, "guests": 0, "stays": 0}
    act.save(update_fields=["result"])
    return act


def _locked_state(act: ChangeSet, *, expected: dict[str, Any]) -> dict[str, Any]:
    """The register's progress, locked for this batch. Another run that got ahead ends this one."""
    state: dict[str, Any] = ChangeSet.objects.select_for_update().get(pk=act.pk).result
    if state["batches"] != expected["batches"]:
        raise RegisterBusy(_("Somebody else is filling this business just now. What they wrote is kept."))
    return state


@contextmanager
def _made_ahead(
    profile: Profile, *, seed: str, today: date, sizes: Sequence[tuple[int, int]], staff: int
) -> Iterator[Iterator[Batch]]:
    """Batches in order, each made by a thread while the one before is written: the database's wait is ours to use."""
    made: Queue[Batch | BaseException | None] = Queue(maxsize=1)
    stop = threading.Event()

    def put(item: Batch | BaseException | None) -> None:
        while not stop.is_set():
            try:
                return made.put(item, timeout=0.5)
            except Full:
                continue

    def make() -> None:
        try:
            for number, size in sizes:
                if stop.is_set():
                    return
                put(generate(profile, seed=seed, today=today, number=number, size=size, staff=max(staff, 1)))
            put(None)
        except BaseException as error:
            put(error)

    def take() -> Iterator[Batch]:
        while (item := made.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = threading.Thread(target=make, name="sample-guests", daemon=True)
    thread.start()
    try:
        yield take()
    finally:
        stop.set()
        thread.join()
