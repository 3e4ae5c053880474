"""Write sample guests: sixty into any business, or a whole demo register in batches."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import date
from time import perf_counter

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Business, Member, Property
from accounts.tenancy import business_scope
from customers.card.models import Tag
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_close, change_set_open, recording
from customers.facts.services import facts_once
from customers.fields.models import CustomField
from customers.history.models import Product
from customers.sample.generator import batch_sizes, generate
from customers.sample.names import name_book
from customers.sample.own import OWN
from customers.sample.profiles import Profile, profile_for
from customers.sample.rows import Batch
from customers.sample.selectors import REGISTER, register_act, sample_current
from customers.sample.sql import batch_write, connection_close, sample_lock

SAMPLE_GUESTS = 60
WRITERS = 2
"""Connections that write a large register at once."""
PARALLEL_FROM = 4
"""From so many batches on it is large."""
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
    tags = _tags(profile)
    with change_set(kind=ChangeSet.Kind.SAMPLE, title=TITLE, member=member) as act:
        batch_write(batch, properties=properties, staff=[member] if member else [], tags=tags, products={}, fields={})
        act.result = {"guests": len(batch.customers), "stays": len(batch.stays)}
        ChangeSet.objects.filter(pk=act.pk).update(result=act.result)
    return act


def register_fill(
    *,
    business: Business,
    profile: Profile,
    guests: int,
    seed: str = "1",
    today: date | None = None,
    writers: int = WRITERS,
) -> Filled:
    """Fill a demo business up to ``guests`` cards, in batches of one transaction each, all under one change set.

    What is there already stays: run again it adds nothing, or the guests that are missing. A run that was killed is
    continued by the next one, with the day and seed it began with. A register that somebody removed by undo stays
    removed. A large one is written by ``writers`` connections while the next batch is made, so it must not be called
    inside a transaction; memory stays flat. Raises :class:`RegisterBusy`.
    """
    began = perf_counter()
    with business_scope(business.pk):
        act = _register_act(seed=seed, today=today or _today(business))
        if act is None:
            return Filled(0, 0, 0, perf_counter() - began)
        properties = list(Property.objects.order_by("id")[: len(profile.places)])
        staff = list(Member.objects.filter(is_active=True).select_related("user").order_by("id"))
        tags, products, fields = _tags(profile), _products(profile), _own_fields(profile)
        sizes = _open_batches(act, guests)
        before = act.result
    profile = replace(profile, sort_language=business.language)

    def made(number: int, size: int) -> Batch:
        return generate(
            profile,
            seed=act.result[REGISTER],
            today=date.fromisoformat(act.result["today"]),
            number=number,
            size=size,
            staff=max(len(staff), 1),
        )

    def write(number: int, batch: Batch) -> None:
        with business_scope(business.pk), recording(act.pk), facts_once():
            batch_write(
                batch,
                properties=properties,
                staff=staff,
                tags=tags,
                products=products,
                fields=fields,
                with_consents=True,
            )
            _note_done(act, number=number, batch=batch)

    if len(sizes) < PARALLEL_FROM:
        for number, size in sizes:
            write(number, made(number, size))
    else:
        _write_ahead(sizes, made, write, writers=writers)
    with business_scope(business.pk):
        act.refresh_from_db()
        if act.state == ChangeSet.State.OPEN:
            change_set_close(change_set_id=act.pk, result=act.result)
    after = act.result
    return Filled(
        guests=after["guests"] - before["guests"],
        stays=after["stays"] - before["stays"],
        total=after["guests"],
        seconds=perf_counter() - began,
    )


def _write_ahead(
    sizes: Sequence[tuple[int, int]],
    made: Callable[[int, int], Batch],
    write: Callable[[int, Batch], None],
    *,
    writers: int,
) -> None:
    """Write batches by several connections at once, while this thread makes the next one."""

    def write_and_close(number: int, batch: Batch) -> None:
        try:
            write(number, batch)
        finally:
            connection_close()

    with ThreadPoolExecutor(writers, thread_name_prefix="sample-guests") as pool:
        running: set[Future[None]] = set()
        for number, size in sizes:
            batch = made(number, size)
            while len(running) >= writers:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for finished in done:
                    finished.result()
            running.add(pool.submit(write_and_close, number, batch))
        for last in running:
            last.result()


def _tags(profile: Profile) -> dict[str, int]:
    """Ids of the tags that a profile's guests may have, by code or name; missing ones are made."""
    found = {tag.code or tag.name: tag.pk for tag in Tag.objects.all()}
    for code in Tag.Code:
        if code.value not in found:
            found[code.value] = Tag.objects.create(code=code.value, name=code.name.lower()).pk
    for name in profile.own_tags:
        if name not in found:
            found[name] = Tag.objects.create(name=name).pk
    return found


def _products(profile: Profile) -> dict[str, int]:
    """Ids of the products that a profile's guests buy, by name; missing ones are made."""
    found = dict(Product.objects.values_list("name", "pk"))
    for name, _price in name_book(profile.staff_language).products:
        if name not in found:
            found[name] = Product.objects.create(name=name).pk
    return found


def _own_fields(profile: Profile) -> dict[str, int]:
    """Ids of the fields a profile's house added, by target and key; missing ones are made."""
    found = {f"{target}.{key}": pk for target, key, pk in CustomField.objects.values_list("target", "key", "pk")}
    for place, own in enumerate(OWN.get(profile.staff_language, ())):
        if own.name not in found:
            options = [{"key": key, "label": label} for key, label in own.options]
            field = CustomField.objects.create(
                target=own.target, kind=own.kind, key=own.key, label=own.label, options=options, position=place
            )
            found[own.name] = field.pk
    return found


def _today(business: Business) -> date:
    return timezone.localdate(timezone=business.zone)


def _register_act(*, seed: str, today: date) -> ChangeSet | None:
    """The change set the demo register is written under, a new one if need be; ``None`` once it has been undone.

    Its result tells seed and day, guests and stays so far, and the numbers of the batches that are ``done``.
    """
    found = register_act()
    if found is not None:
        return None if found.state == ChangeSet.State.UNDONE else found
    act = change_set_open(kind=ChangeSet.Kind.SAMPLE, title=TITLE)
    act.result = {REGISTER: seed, "today": today.isoformat(), "planned": [], "done": [], "guests": 0, "stays": 0}
    act.save(update_fields=["result"])
    return act


def _open_batches(act: ChangeSet, guests: int) -> list[tuple[int, int]]:
    """(number, size) of the batches still to be written for so many guests in all; plans new ones where need be."""
    act.result = ChangeSet.objects.select_for_update().get(pk=act.pk).result
    planned: list[int] = act.result["planned"]
    missing = guests - sum(planned)
    if missing > 0:
        planned += batch_sizes(missing)
    sizes = [(number, size) for number, size in enumerate(planned) if number not in act.result["done"]]
    if sizes:
        ChangeSet.objects.filter(pk=act.pk).update(state=ChangeSet.State.OPEN, result=act.result)
    return sizes


def _note_done(act: ChangeSet, *, number: int, batch: Batch) -> None:
    """Record a written batch in its own transaction; one that another run has written meanwhile is taken back."""
    state = ChangeSet.objects.select_for_update().get(pk=act.pk).result
    if number in state["done"]:
        raise RegisterBusy(_("Somebody else is filling this business just now. What they wrote is kept."))
    state["done"] = sorted([*state["done"], number])
    state["guests"] += len(batch.customers)
    state["stays"] += len(batch.stays)
    ChangeSet.objects.filter(pk=act.pk).update(result=state)
