"""Writes of dry runs: begun, worked off in the background, removed. docs/automations.md

:func:`dry_run_work` opens its own scopes and transactions and may not be called inside one. Everything else works in
the caller's scope.
"""

import datetime as dt
import logging
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Business, Member
from accounts.services.refusals import Refused
from accounts.tenancy import business_scope, current_member_id, require_business_id
from automations.building.checking import definition_check
from automations.building.services import DefinitionRefused, read
from automations.definition import EVENTS, Definition, DefinitionError, Trigger, definition_read
from automations.models import Automation, DryRun, DryRunStep
from automations.planning.passing import zones_of
from automations.rehearsal.entering import FilterGone, arrivals_of
from automations.rehearsal.evidence import evidence_of
from automations.rehearsal.hindsight import Hindsight
from automations.rehearsal.moves import Move, Rehearsed, moves_of, window_of
from automations.rehearsal.playing import Days
from automations.rehearsal.stage import InTheWay, before_take, clock_of, hidden_make, play, taken_back, ways_of
from automations.rehearsal.trial import Trial, try_on
from automations.rehearsal.ways import Way

__all__ = [
    "Trial",
    "dry_run_remove",
    "dry_run_start",
    "dry_run_work",
    "dry_runs_expire",
    "try_on",
]

JOURNEYS_MAX: Final = 50_000
DAYS_MAX: Final = 366
RUNS_MAX: Final = 3
"""Dry runs of a business that may be at work at once."""
KEPT_FOR: Final = dt.timedelta(days=30)
FOLLOWED_FOR: Final = dt.timedelta(days=366)
"""So long after the last day the journeys of a span are followed to their ends."""
CHUNK: Final = 2_000
"""Journeys a transaction: guests are rehearsed in parts, so that what they lock is free again within seconds."""
_TRIES: Final = 12
_BATCH: Final = 5_000
_LATE: Final = ("40P01", "40001", "55P03")

_log = logging.getLogger(__name__)


class Trouble(Exception):
    """A dry run cannot be done; ``code`` is one of :data:`automations.rehearsal.wording.PROBLEMS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def dry_run_start(*, automation_id: int, first: dt.date, last: dt.date, member: Member | None = None) -> DryRun:
    """Ask for a dry run of the draft over these days. The caller lets a worker know.

    Raises ``Automation.DoesNotExist``, :class:`DefinitionRefused` for a definition that cannot run, which says of every
    part why, and :class:`Refused` for days that cannot be, and while too many are at work.
    """
    if last < first:
        raise Refused(_("The last day is before the first."), field="last")
    if (last - first).days >= DAYS_MAX:
        raise Refused(_("At most %(most)d days at once.") % {"most": DAYS_MAX}, field="last")
    with transaction.atomic():
        automation = Automation.objects.get(pk=automation_id)
        definition = read(automation.draft, whole=True)
        problems = definition_check(definition)
        if problems:
            raise DefinitionRefused(problems)
        _check_days(definition, first)
        at_work = DryRun.objects.filter(state__in=(DryRun.State.WAITING, DryRun.State.RUNNING))
        if at_work.count() >= RUNS_MAX:
            raise Refused(_("%(most)d dry runs are at work. Wait until one is done.") % {"most": RUNS_MAX})
        return DryRun.objects.create(
            automation=automation,
            definition=automation.draft,
            first=first,
            last=last,
            member_id=member.pk if member else current_member_id(),
        )


def _check_days(definition: Definition, first: dt.date) -> None:
    """Raises :class:`Refused` where nobody can know whom the trigger meets."""
    kind = definition.trigger.kind
    if kind == Trigger.BY_HAND:
        raise Refused(_("Guests are added to it by hand. Try it on one guest instead."))
    today = timezone.localdate(timezone=Business.objects.get(pk=require_business_id()).zone)
    if kind in EVENTS and first > today:
        raise Refused(_("Nobody knows beforehand what guests will do. Choose days that have passed."), field="first")


def dry_run_remove(*, automation_id: int, run_id: int) -> None:
    """Remove a dry run; one at work ends. Raises ``DryRun.DoesNotExist``."""
    DryRun.objects.get(pk=run_id, automation_id=automation_id)
    DryRun.objects.filter(pk=run_id).delete()


def dry_runs_expire(*, now: dt.datetime | None = None) -> int:
    """Remove those that have been kept for long enough. How many."""
    old = DryRun.objects.filter(created_at__lt=(now or timezone.now()) - KEPT_FOR)
    number, _details = old.delete()
    return number


def dry_run_work(*, business_id: int, run_id: int, steps: int | None = None) -> bool:
    """Work a dry run off, or the next ``steps`` parts of it; whether there is more to do.

    Two workers on one do no harm: each part is written by whoever holds the row, and begins where the last one ended.
    What cannot be done says why in the run itself.
    """
    try:
        return _worked(business_id, run_id, steps)
    except Trouble as trouble:
        _fail(business_id, run_id, trouble.code)
    except (FilterGone, DefinitionError):
        _fail(business_id, run_id, "definition")
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) not in _LATE:
            raise
        _fail(business_id, run_id, "busy")
    except Exception:
        _log.exception("Dry run %s of business %s broke", run_id, business_id)
        _fail(business_id, run_id, "error")
    return False


def _worked(business_id: int, run_id: int, steps: int | None) -> bool:
    with business_scope(business_id):
        run = _taken(run_id)
        if run is None:
            return False
        definition = definition_read(run.definition)
        span = _Span(run, definition)
        run.state, run.seen_at = DryRun.State.RUNNING, timezone.now()
        run.save(update_fields=["state", "seen_at"])
    most, tries, done = CHUNK, 0, 0
    while steps is None or done < steps:
        try:
            with business_scope(business_id):
                if not _part(run_id, span, most):
                    return False
            # Guests of whom there is nothing to tell leave no trace from which another worker could go on.
            tries, done = 0, done + int(span.has_told)
        except InTheWay:
            tries, most = tries + 1, max(20, most // 2)
            if tries == _TRIES:
                raise Trouble("busy") from None
    return True


class _Span:
    """What there is to do of a run, the same for every part: moves by guest, and the clock. ``after`` is the last guest
    who was rehearsed, ``has_told`` whether there was anything to tell of that part."""

    def __init__(self, run: DryRun, definition: Definition) -> None:
        business = Business.objects.get(pk=require_business_id())
        self.zone = business.zone
        first, last = span_of(run, self.zone)
        self.first, self.until = first, last + FOLLOWED_FOR
        self.definition = definition
        self.last = last
        window = window_of(definition, first=first, last=last, now=run.created_at, home=self.zone)
        rehearsed = Rehearsed(definition, window, run.created_at, business)
        self.hindsight = Hindsight(definition=definition, since=first, business=business, is_past=rehearsed.is_past)
        moves = moves_of(rehearsed, self.hindsight)
        meant = {_guest(move) for move in moves if not move.reason and move.occurrence.at < last}
        self.moves = [move for move in moves if _guest(move) in meant]
        self.after, self.has_told = 0, False
        if sum(1 for move in self.moves if not move.reason and move.occurrence.at < last) > JOURNEYS_MAX:
            raise Trouble("many")
        self.clock = clock_of(definition=definition, business=business, zones=zones_of(business))

    def part(self, after: int, most: int) -> list[Move]:
        """What is done about the next guests beyond ``after``: whole guests, about ``most``."""
        first = bisect_right(self.moves, after, key=_guest)
        if len(self.moves) - first <= most:
            return self.moves[first:]
        beyond = _guest(self.moves[first + most - 1])
        return self.moves[first : bisect_right(self.moves, beyond, key=_guest)]


def _guest(move: Move) -> int:
    return move.occurrence.customer_id


def span_of(run: DryRun, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """The moments between which a run looks for occurrences: of a day that has begun, what is left of it."""
    first = dt.datetime.combine(run.first, dt.time(0), zone).astimezone(dt.UTC)
    last = dt.datetime.combine(run.last + dt.timedelta(days=1), dt.time(0), zone).astimezone(dt.UTC)
    if first <= run.created_at < last and run.first == run.created_at.astimezone(zone).date():
        first = run.created_at.astimezone(dt.UTC)
    return first, last


def _taken(run_id: int) -> DryRun | None:
    """The run, held until the transaction ends; ``None`` when somebody else has it, or there is nothing to do."""
    open_ones = DryRun.objects.filter(state__in=(DryRun.State.WAITING, DryRun.State.RUNNING))
    return open_ones.select_for_update(skip_locked=True, of=("self",)).filter(pk=run_id).first()


def _part(run_id: int, span: "_Span", most: int) -> bool:
    """Rehearse the next guests and write down what came of it; whether anybody is left."""
    run = _taken(run_id)
    if run is None:
        return False
    newest = DryRunStep.objects.filter(run=run, step="").order_by("-journey")
    journey, after = newest.values_list("journey", "customer_id").first() or (0, 0)
    moves = span.part(max(after, span.after), most)
    if moves:
        ways = _rehearsed(run, span, moves)
        span.after, span.has_told = moves[-1].occurrence.customer_id, bool(ways)
        _write(run, ways, journey)
        run.guests += len({way.customer_id for way in ways})
    run.seen_at = timezone.now()
    is_over = not moves or moves[-1] is span.moves[-1]
    if is_over:
        run.state, run.finished_at = DryRun.State.DONE, run.seen_at
    run.save(update_fields=["guests", "counts", "state", "seen_at", "finished_at"])
    return not is_over


def _rehearsed(run: DryRun, span: "_Span", moves: Sequence[Move]) -> list[Way]:
    """What would become of these; a guest whom the rules keep out has a way that ended before it began."""
    about = [move.occurrence for move in moves]
    guests = {each.customer_id for each in about}
    with taken_back():
        hidden = hidden_make(definition=run.definition)
        floor = before_take(hidden=hidden, automation_id=run.automation_id, guests=guests, before=span.first)
        arrivals = arrivals_of(hidden=hidden, definition=span.definition, moves=moves, zone=span.zone)
        evidence = evidence_of(
            definition=span.definition,
            hindsight=span.hindsight,
            guests=guests,
            stays={each.stay_id for each in about if each.stay_id is not None},
            invoices={each.invoice_id for each in about if each.invoice_id is not None},
        )
        play(
            hidden=hidden,
            clock=span.clock,
            until=span.until,
            evidence=evidence,
            arrivals=arrivals,
            days=Days(seen_until=run.created_at, last=span.last),
        )
        told = ways_of(hidden=hidden, definition=span.definition, before=span.last, after=floor)
        ways = [*told, *(way for way in arrivals.kept_out.values() if way.at < span.last)]
    return sorted(ways, key=lambda way: (way.customer_id, way.at))


def _write(run: DryRun, ways: Sequence[Way], journey: int) -> None:
    """Write the steps of these journeys, numbered from ``journey`` on, and count them in."""
    rows: list[DryRunStep] = []
    counts: dict[str, Counter[str]] = {step: Counter(told) for step, told in run.counts.items()}
    for number, way in enumerate(ways, journey + 1):
        same: dict[str, Any] = {
            "run": run,
            "customer_id": way.customer_id,
            "journey": number,
            "stay_id": way.stay_id,
        }
        rows.append(DryRunStep(step="", outcome=way.state, reason=way.reason, at=way.at, **same))
        counts.setdefault("", Counter())[f"{way.state}.{way.reason}"] += 1
        for line in way.lines:
            rows.append(
                DryRunStep(
                    step=line.step,
                    outcome=line.outcome,
                    reason=line.reason,
                    at=line.at,
                    sends_at=line.sends_at,
                    text_id=line.text_id,
                    **same,
                )
            )
            counts.setdefault(line.step, Counter())[f"{line.outcome}.{line.reason}"] += 1
    DryRunStep.objects.bulk_create(rows, batch_size=_BATCH)
    run.counts = {step: dict(told) for step, told in counts.items()}


def _fail(business_id: int, run_id: int, code: str) -> None:
    now = timezone.now()
    with business_scope(business_id):
        open_ones = DryRun.objects.filter(pk=run_id, state__in=(DryRun.State.WAITING, DryRun.State.RUNNING))
        open_ones.update(state=DryRun.State.FAILED, problem=code, seen_at=now, finished_at=now)
