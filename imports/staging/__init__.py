"""A batch into the register, in sets: staged by COPY, resolved, planned, written. docs/imports.md explains it."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

from django.db import connection
from django.db.backends.utils import CursorWrapper

from customers.card.models import MAX_TAGS
from customers.facts.services import facts_once
from imports.mapping import ContactRow, Interpreted, PartRow, TagRow
from imports.staging.apply import (
    apply_guests,
    apply_numbers,
    apply_parts,
    apply_stays,
    keys_left,
    number_guests,
    remember_planned,
)
from imports.staging.consents import Decided, decide_consents, write_consents
from imports.staging.decisions import begin_preview, decisions_of
from imports.staging.details import Sealing, decide_details, write_details
from imports.staging.fields import apply_fields, plan_fields, stage_fields
from imports.staging.foreknown import foretell
from imports.staging.found import Resolved
from imports.staging.job import EXTRAS, OUTCOMES, RECORDS, Job, Outcome, Tally
from imports.staging.known import Register
from imports.staging.matches import Foreknown
from imports.staging.met import Met
from imports.staging.names import property_ids, tag_ids
from imports.staging.plan import plan_contacts, plan_guests, plan_stays, plan_tags
from imports.staging.planned import Planned, cards_made, lines_decided, plan_keep, tags_make, write_planned
from imports.staging.points import apply_points, plan_points
from imports.staging.preview import fates, keep_fates
from imports.staging.quality import quality_gained, quality_of_register, quality_told
from imports.staging.records import apply_records, plan_records, remember_records, stage_records
from imports.staging.resolve import resolve
from imports.staging.restricted import hold_restricted, restricted_cards
from imports.staging.tables import (
    CONTACT_COLUMNS,
    GUEST_COLUMNS,
    PART_COLUMNS,
    STAY_COLUMNS,
    TAG_COLUMNS,
    copy_rows,
    create_planned,
    create_stage,
)

__all__ = [
    "EXTRAS",
    "OUTCOMES",
    "RECORDS",
    "Foreknown",
    "Job",
    "Met",
    "Outcome",
    "Planned",
    "Tally",
    "begin_preview",
    "begin_tryout",
    "cards_made",
    "flush_later",
    "foretell",
    "lines_decided",
    "quality_before",
    "quality_told",
    "tags_make",
    "turn_take",
    "turn_wanted",
    "write_batch",
    "write_planned",
]


def begin_tryout() -> Met:
    """Prepare the open transaction for batches of a job that is `dry`; each is to be given what is returned."""
    with connection.cursor() as cursor:
        create_planned(cursor)
    return Met()


def quality_before(job: Job) -> Counter[str]:
    """How good the register is before a file: how many guests, and how many of them are what."""
    with connection.cursor() as cursor:
        return quality_of_register(cursor, job)


def turn_take(job: Job) -> None:
    """Wait until no other import writes into the business, and keep others waiting until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('innkeeper.import', %s))", [job.business_id])


def turn_wanted(job: Job) -> bool:
    """Whether another import waits for its turn."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks l, hashtextextended('innkeeper.import', %s) AS key"
            " WHERE l.locktype = 'advisory' AND NOT l.granted AND l.objsubid = 1"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND l.classid::bigint = (key >> 32) & 4294967295 AND l.objid::bigint = key & 4294967295)",
            [job.business_id],
        )
        return bool(cursor.fetchone()[0])


def flush_later() -> None:
    """Do not wait for the disk when the open transaction ends. After a power cut it has either been or not been, with
    the mark of its batch; the run's last transaction waits for all that were before it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def write_batch(
    *, job: Job, batch: Interpreted, today: date, told: Foreknown | None = None, met: Met | None = None
) -> Tally:
    """Write one batch inside the caller's transaction and recording, or find out what would be written.

    Two imports into one business wait for each other here, batch by batch, so that neither misses the other's guests.
    `told` is what the register has answered of the batch already, in a preview alone; `met` what a try-out has met.
    """
    with connection.cursor() as cursor:
        if not job.dry:
            turn_take(job)
        register = Register(cursor, job, told, met)
        found = resolve(register, batch, decisions_of(cursor, job, [guest.line for guest in batch.guests]))
        seen = register.seen_guests(found.known)
        tagged = _tagged(job, batch)
        tags = tag_ids(cursor, job, {row.tag for row in tagged})
        _stage(cursor, job, found, batch, [(row.line, row.position, tags[row.tag]) for row in tagged])
        if met is not None:
            met.add(keys_left(found))
        stage_records(cursor, job, found, today)
        # The planner knows the stage's size and nothing of the business: hashing is never quadratic.
        cursor.execute("SET LOCAL enable_nestloop = off")
        plan_guests(cursor, job, found.known, seen)
        plan_contacts(cursor, job, found.known)
        learned = plan_points(cursor, job, found)
        problems = plan_tags(cursor, job, found.known, {tag: name for name, tag in tags.items()})
        plan_fields(cursor, job, found.known, seen)
        restricted = restricted_cards(cursor, job, found.known)
        problems += hold_restricted(cursor, found, restricted)
        changed_stays = plan_stays(cursor, job, sorted(set(found.stay_of.values()) - found.new_stays))
        plan_records(cursor, job, found.records)
        cursor.execute("SET LOCAL enable_nestloop TO DEFAULT")
        consents = decide_consents(cursor, job, found, batch.consents, restricted)
        details = decide_details(
            cursor, job, found, batch, consenting=consents.sensitive, restricted=restricted, seen=seen
        )
        if job.dry:
            remember_planned(cursor, found)
            remember_records(cursor, found.records)
        else:
            with facts_once():
                apply_guests(cursor, job, found.known, today.isoformat())
                if any(guest.number or guest.digest for guest in found.guests):
                    number_guests(cursor, job)
                apply_points(cursor, job)
                apply_numbers(cursor, job, found)
                if found.stays:
                    apply_stays(cursor, job, changed_stays)
                if found.joined:
                    apply_parts(cursor, job, found)
                apply_records(cursor, job, found.records, today)
            apply_fields(cursor, job)
        write_consents(cursor, job, consents)
        write_details(cursor, job, details)
        tally, changed, altered = _tally(
            cursor, job, found, seen, changed_stays, consents.guests | details.guests | learned
        )
        tally.problems = found.problems + problems + consents.problems + details.problems
        if job.dry and job.run_id:
            tally.quality = quality_gained(cursor, job, [card for card in found.known if card > 0], consents)
            touched = {line for line, stay in found.stay_of.items() if stay in found.new_stays or stay in altered}
            touched |= found.records.touched() | found.joined
            found_out = fates(found, batch, batch.problems + tally.problems, changed, touched)
            keep_fates(cursor, job, found_out, found.card_of)
            tally.planned = plan_keep(register, found, batch, tags=tags, problems=batch.problems + tally.problems)
    _count_extras(tally, job, batch, consents, details)
    _count_invalid(tally, job, batch, found)
    return tally


def _count_invalid(tally: Tally, job: Job, batch: Interpreted, found: Resolved) -> None:
    """Count the rows that were left out as what the file is a list of."""
    left_out = sum(problem.reason in ("repeated", "unknown_number") for problem in found.problems)
    tally.guests["invalid"] += batch.invalid_guests
    if job.kind == "bookings":
        tally.stays["invalid"] += batch.invalid_stays + left_out
    elif job.kind in RECORDS:
        tally.records[job.kind] = found.records.tally()
        tally.records[job.kind]["invalid"] = batch.invalid_records + left_out
    else:
        tally.guests["invalid"] += left_out


def _count_extras(tally: Tally, job: Job, batch: Interpreted, consents: Decided, details: Sealing) -> None:
    """Count what became of sensitive details and consents, in files that have them."""
    if job.has_details:
        tally.extras["details"] = Counter(stored=len(details.texts), refused=details.refused)
    if batch.consents:
        granted = sum(row.granted for row in consents.events.values())
        tally.extras["consents"] = Counter(granted=granted, withdrawn=len(consents.events) - granted)


def _tagged(job: Job, batch: Interpreted) -> list[TagRow]:
    """The tags of the file, and after each guest's own the one that all of them get."""
    if not job.policy.tag:
        return batch.tags
    return batch.tags + [TagRow(guest.line, MAX_TAGS, job.policy.tag) for guest in batch.guests]


def _once(contacts: Iterable[ContactRow], cards: Mapping[int, int]) -> Iterator[ContactRow]:
    """Each typed value of a guest once: two rows may read one number as of two countries."""
    met = set()
    for contact in contacts:
        key = (cards.get(contact.line), contact.kind, contact.value)
        if key not in met:
            met.add(key)
            yield contact


def _stage(
    cursor: CursorWrapper, job: Job, found: Resolved, batch: Interpreted, tags: list[tuple[int, int, int]]
) -> None:
    """Fill the temporary tables."""
    create_stage(cursor)
    cards, stays = found.card_of, found.stay_of
    copy_rows(
        cursor,
        "stage_guest",
        GUEST_COLUMNS,
        ((*guest, cards[guest.line], cards[guest.line] in found.new) for guest in found.guests),
    )
    copy_rows(cursor, "stage_contact", CONTACT_COLUMNS, _once(found.contacts, cards))
    stage_fields(cursor, found, batch)
    if tags:
        copy_rows(cursor, "stage_tag", TAG_COLUMNS, tags)
    if found.stays:
        properties = property_ids(cursor, job, {stay.property for stay in found.stays})
        copy_rows(
            cursor,
            "stage_stay",
            STAY_COLUMNS,
            (
                (
                    *stay,
                    properties[stay.property],
                    stays[stay.line],
                    stays[stay.line] in found.new_stays,
                    stays[stay.line] in found.unguested,
                )
                for stay in found.stays
            ),
        )
    told = {line: stays[line] for line in found.parts if line in stays} | found.joins
    told |= {line: stays[line] for line in found.joined if line in stays}
    if told:
        guest = PartRow(0, is_guest=True, is_booker=False, is_payer=False, is_agent=False)
        copy_rows(
            cursor,
            "stage_part",
            PART_COLUMNS,
            ((stay, line, *found.parts.get(line, guest)[1:]) for line, stay in told.items()),
        )


def _tally(
    cursor: CursorWrapper,
    job: Job,
    found: Resolved,
    seen: Mapping[int, bool],
    changed_stays: list[int],
    changed_beside: Collection[int],
) -> tuple[Tally, set[int], set[int]]:
    """Count what was met for the first time in this run, and known guests that are changed only now.

    Returns also the cards and the stays of before that this batch changes.
    """
    cursor.execute(
        """
        SELECT customer_id FROM plan_card WHERE differs
        UNION SELECT customer_id FROM plan_contact UNION SELECT customer_id FROM plan_tag
        UNION SELECT row_id FROM plan_field WHERE of = 'guest'
        """
    )
    changed = ({row[0] for row in cursor.fetchall()} | set(changed_beside)) - found.new
    fresh = [card for card in found.known if card not in seen]
    updated = sum(card in changed for card in fresh)
    later = [card for card in changed if seen.get(card) is False]
    cursor.execute("SELECT DISTINCT row_id FROM plan_field WHERE of = 'stay'")
    known_stays = sorted(set(found.stay_of.values()) - found.new_stays)
    joined = {stay for line, stay in (found.stay_of | found.joins).items() if line in found.joined}
    altered = (set(changed_stays) | {row[0] for row in cursor.fetchall()} | joined) & set(known_stays)
    tally = Tally()
    tally.guests.update(
        {
            "created": len(found.new),
            "updated": updated + len(later),
            "unchanged": len(fresh) - updated - len(later),
        }
    )
    tally.stays.update(
        {
            "created": len(found.new_stays),
            "updated": len(altered),
            "unchanged": len(known_stays) - len(altered),
        }
    )
    met = [("g", card, card in changed) for card in fresh] + [("s", stay, stay in altered) for stay in known_stays]
    met += found.records.met()
    if met:
        whats, rows, changes = zip(*met, strict=True)
        cursor.execute(
            f"""
            INSERT INTO {job.seen} (business_id, run_id, what, row_id, changed)
            SELECT %(business)s, %(run)s, m.*
            FROM unnest(%(whats)s::text[], %(rows)s::bigint[], %(changes)s::boolean[]) AS m
            """,
            job.values() | {"whats": list(whats), "rows": list(rows), "changes": list(changes)},
        )
    if later:
        cursor.execute(
            f"""
            UPDATE {job.seen} SET changed = true
            WHERE business_id = %(business)s AND run_id = %(run)s AND what = 'g' AND row_id = ANY (%(cards)s)
            """,
            job.values() | {"cards": later},
        )
    return tally, changed, altered
