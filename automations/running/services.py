"""The runner: what is due goes on.

A batch is one transaction: its journeys are locked, asked, done and written down, and what is to leave the house stands
in the outbox. A worker that is killed leaves them as they were.
"""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.db import OperationalError, transaction
from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import business_scope, require_business_id
from accounts.tenancy.runs import tried_again
from automations.definition import Definition, DefinitionError, Program, definition_read, program_of
from automations.models import Automation, AutomationVersion, JourneyStep
from automations.running.acts import Acts
from automations.running.asking import GONE, Asker
from automations.running.claiming import AUTOMATIONS, Claimed, claim
from automations.running.course import Course
from automations.running.going import Dates, Going, halves
from automations.running.telling import failures_tell, gone_tell
from automations.running.writing import journeys_write
from customers.card.models import Customer
from customers.history.models import Stay
from messaging.tasks import outbox_nudge, webhooks_nudge

__all__ = ["BATCH", "Ran", "run_batch", "run_business"]

BATCH: Final = 2_000
"""Journeys a transaction: a few seconds."""
BATCHES: Final = 2
"""Batches a task, before it lets others have their turn."""
ERROR: Final = "error"
"""Why a journey has failed that nobody could take on."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ran:
    """What a batch did: journeys taken in hand, steps done; ``more``: another batch is worth asking for at once."""

    taken: int = 0
    steps: int = 0
    more: bool = False


def run_business(*, business_id: int, batches: int | None = BATCHES, now: dt.datetime | None = None) -> bool:
    """Take on what is due in a business, each batch in a transaction of its own; True when there is more."""
    done = 0
    while batches is None or done < batches:
        if not tried_again(partial(_batch, business_id, now)).more:
            return False
        done += 1
    return True


def run_batch(*, now: dt.datetime, automation_ids: Collection[int] | None = None, most: int = BATCH) -> Ran:
    """Take on up to ``most`` journeys that are due, in the caller's scope and transaction.

    A fixed number of statements for each automation and step, whatever the number of journeys.
    """
    claimed = list(claim(now=now, automation_ids=automation_ids, most=most))
    taken = sum(len(each.journeys) for each in claimed)
    if not taken:
        return Ran()
    business = Business.objects.get(pk=require_business_id())
    automations = Automation.objects.in_bulk([each.automation_id for each in claimed])
    work = Work(business, now)
    for each in claimed:
        work.take(automations[each.automation_id], each.journeys)
    if work.is_posted:
        outbox_nudge(business_id=business.pk)
    if work.is_delivered:
        webhooks_nudge(business_id=business.pk)
    return Ran(taken, work.steps, _is_more(claimed, taken, most))


def _is_more(claimed: Sequence[Claimed], taken: int, most: int) -> bool:
    return taken >= most or len(claimed) >= AUTOMATIONS or any(each.is_full for each in claimed)


def _batch(business_id: int, now: dt.datetime | None) -> Ran:
    with business_scope(business_id):
        return run_batch(now=now or timezone.now())


class Work:
    """One batch of a business."""

    def __init__(self, business: Business, now: dt.datetime) -> None:
        self.business, self.now = business, now
        self.asker = Asker(business, now)
        self.steps = 0
        self.is_posted = self.is_delivered = False

    def take(self, automation: Automation, journeys: Sequence[Going]) -> None:
        """Journeys of one automation, by the version they began on."""
        versions = AutomationVersion.objects.in_bulk({each.version_id for each in journeys})
        by_version: dict[int, list[Going]] = defaultdict(list)
        for each in journeys:
            by_version[each.version_id].append(each)
        stays = _stays({each.stay_id for each in journeys if each.stay_id is not None}, self.business)
        done = _done([each.pk for each in journeys if each.number_done])
        restricted = frozenset(
            Customer.objects.filter(
                pk__in={each.customer_id for each in journeys}, is_restricted=True
            ).values_list("id", flat=True)
        )  # fmt: skip
        for pk, going in by_version.items():
            try:
                definition = definition_read(versions[pk].definition)
            except DefinitionError:
                self._end(automation, going, GONE)
                gone_tell(automation=automation, business=self.business, at=self.now)
                continue
            part = Part(automation, versions[pk].number, definition, program_of(definition), stays, done, restricted)
            failed = self._part(part, going)
            if failed:
                failures_tell(automation=automation, business=self.business, failed=failed, at=self.now)

    def _part(self, part: "Part", going: Sequence[Going]) -> list[Going]:
        """Take these on; those that cannot be, found by halving, fail for themselves alone. Returns them."""
        fresh = [each.fresh() for each in going]
        try:
            with transaction.atomic():
                self._go(part, fresh)
        except OperationalError:
            # Deadlocks, timeouts and lost connections are nobody's fault; the batch is tried again.
            raise
        except Exception:
            if len(going) == 1:
                _log.exception("Journey %s of business %s failed", going[0].pk, self.business.pk)
                self._end(part.automation, fresh, ERROR)
                return list(going)
            return [each for half in halves(going) for each in self._part(part, half)]
        return []

    def _go(self, part: "Part", going: Sequence[Going]) -> None:
        acts = Acts(part.automation, part.number, self.now, part.stays, part.restricted)
        course = Course(
            part.definition, part.program, acts, self.asker, part.stays, self.business.time_zone, part.done
        )  # fmt: skip
        course.run(going)
        self.steps += journeys_write(automation_id=part.automation.pk, going=going, now=self.now)
        if acts.gone:
            gone_tell(automation=part.automation, business=self.business, at=self.now)
        self.is_posted = self.is_posted or acts.is_posted
        self.is_delivered = self.is_delivered or acts.is_delivered

    def _end(self, automation: Automation, going: Sequence[Going], reason: str) -> None:
        """They fail where they stood."""
        ended = [each.fresh() for each in going]
        for each in ended:
            each.end("failed", reason)
        journeys_write(automation_id=automation.pk, going=ended, now=self.now)


@dataclass(frozen=True)
class Part:
    """What journeys of one version share."""

    automation: Automation
    number: int
    definition: Definition
    program: Program
    stays: dict[int, Dates]
    done: dict[tuple[int, str], str]
    restricted: frozenset[int]


def _stays(ids: Collection[int], business: Business) -> dict[int, Dates]:
    if not ids:
        return {}
    found = Stay.objects.filter(pk__in=ids).values_list(
        "id", "property_id", "arrival", "departure", "property__time_zone"
    )
    return {pk: Dates(place, first, last, zone or business.time_zone) for pk, place, first, last, zone in found}


def _done(ids: Collection[int]) -> dict[tuple[int, str], str]:
    """The outcomes of steps that are behind journeys."""
    if not ids:
        return {}
    found = JourneyStep.objects.filter(journey_id__in=ids).values_list("journey_id", "step", "outcome")
    return {(journey, step): outcome for journey, step, outcome in found}
