"""What changes matches: settings, decisions, runs. Reads are in :mod:`dedup.register.selectors`.

Everything here works in the caller's scope, in one transaction. What takes longer is a run
(:mod:`dedup.register.runs`), which the caller lets a worker know of: ``nudge(match_run_work, run)``.
"""

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Member
from accounts.tenancy import current_actor
from dedup.register.comparing import taught_bits
from dedup.register.fields import bits
from dedup.register.models import Decision, Match, MatchRun, MatchSettings
from dedup.register.settings import settings_get, settings_locked


class SettingsRefused(Exception):
    """The thresholds cannot be so; ``errors`` tells people why, by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors


class RunRefused(Exception):
    """The run cannot be started or cancelled; the message says why, for people."""


class DecisionRefused(Exception):
    """Nothing can be decided of these two cards; the message says why, for people."""


def settings_save(*, propose: float, certain: float, automatic: bool, member: Member | None = None) -> MatchSettings:
    """Change the two thresholds, probabilities of .05 to .9999, and whether certain matches are merged by themselves.

    Raises :class:`SettingsRefused`.
    """
    errors = {}
    if not 0.05 <= propose <= 0.9999:
        errors["propose"] = _("Choose a probability between 5 and 99.99 %.")
    if not 0.05 <= certain <= 0.9999:
        errors["certain"] = _("Choose a probability between 5 and 99.99 %.")
    elif not errors and certain < propose:
        errors["certain"] = _("What is certain cannot be less probable than what is proposed.")
    if errors:
        raise SettingsRefused(errors)
    with transaction.atomic():
        settings = settings_locked()
        settings.is_own = settings.is_own or (settings.propose, settings.certain) != (propose, certain)
        settings.propose, settings.certain, settings.automatic = propose, certain, automatic
        settings.version = F("version") + 1
        settings.save(update_fields=["propose", "certain", "automatic", "is_own", "version"])
        audit_record(
            action="matching.changed",
            member=member,
            data={"propose": propose, "certain": certain, "automatic": automatic},
        )
    return settings_get()


def run_start(*, member: Member | None = None) -> MatchRun:
    """Start a walk over the whole register, or return the one that is under way."""
    return _start(MatchRun(kind=MatchRun.Kind.FIND), member)


def merging_start(
    *,
    minimum: float,
    agree: frozenset[str] = frozenset(),
    by_itself: bool = False,
    member: Member | None = None,
) -> MatchRun:
    """Start merging all open matches whose probability is ``minimum`` or more and whose cards agree in the fields
    ``agree``. Raises :class:`RunRefused` while another is under way."""
    run = MatchRun(
        kind=MatchRun.Kind.MERGE,
        phase=MatchRun.Phase.MERGE,
        minimum=minimum,
        agrees=bits(agree),
        by_itself=by_itself,
    )
    started = _start(run, member)
    if started.pk != run.pk:
        raise RunRefused(_("Duplicates are being merged already. Wait until that has finished."))
    return started


def _start(run: MatchRun, member: Member | None) -> MatchRun:
    run.member, run.actor = member, (str(member) if member else current_actor())[:200]
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        open_states = (MatchRun.State.WAITING, MatchRun.State.RUNNING)
        return MatchRun.objects.get(kind=run.kind, state__in=open_states)
    audit_record(
        action="matching.started" if run.kind == MatchRun.Kind.FIND else "matching.merging",
        member=member,
        object_type="matchrun",
        object_id=run.pk,
        data={} if run.minimum is None else {"minimum": run.minimum},
    )
    return run


def run_cancel(*, run_id: int, member: Member | None = None) -> MatchRun:
    """Stop a run after the step it is at; what it found or merged stays. Raises :class:`RunRefused`."""
    with transaction.atomic():
        run = MatchRun.objects.select_for_update().get(pk=run_id)
        if not run.is_open:
            raise RunRefused(_("This had ended before it could be cancelled."))
        run.state, run.finished_at = MatchRun.State.CANCELLED, timezone.now()
        run.save(update_fields=["state", "finished_at"])
        audit_record(action="matching.cancelled", member=member, object_type="matchrun", object_id=run.pk)
    return run


def run_end(run: MatchRun, state: MatchRun.State) -> None:
    """Close a run that is locked."""
    run.state, run.finished_at, run.seen_at = state, timezone.now(), timezone.now()
    run.save()


def decide(
    *,
    left_id: int,
    right_id: int,
    decision: str,
    member: Member | None = None,
    sampled: bool = False,
) -> Decision | None:
    """Keep what somebody says of two cards: ``different`` for ever, ``later``, or ``same``; ``open`` takes back what
    was said, and the two are a match again.

    ``same`` merges nothing: it is said of two that have been or are about to be merged in this transaction. Deciding
    again replaces what was said before. ``sampled``: the two were looked at among others of all kinds, not from the top
    of the queue, so that they tell how well the threshold does. Raises :class:`DecisionRefused`.
    """
    if left_id == right_id:
        raise DecisionRefused(_("A card cannot be compared with itself."))
    left, right = sorted((left_id, right_id))
    with transaction.atomic():
        match = Match.objects.select_for_update().filter(left_id=left, right_id=right).first()
        if match is not None and match.state != Match.State.GONE:
            match.state = Match.State(_STATE[decision])
            match.save(update_fields=["state"])
        Decision.objects.filter(left_id=left, right_id=right, is_withdrawn=False).update(is_withdrawn=True)
        if decision == Match.State.OPEN:
            return None
        if decision != Decision.Verdict.LATER:
            MatchSettings.objects.update(untaught=F("untaught") + 1)
        return Decision.objects.create(
            left_id=left,
            right_id=right,
            verdict=Decision.Verdict(decision),
            pattern=match.pattern if match else None,
            weight=match.weight if match else None,
            taught=taught_bits([match.pattern])[0] if match else 0.0,
            sampled=sampled,
            member=member,
            actor=(str(member) if member else current_actor())[:200],
        )


_STATE = {
    "same": Match.State.MERGED,
    "different": Match.State.DIFFERENT,
    "later": Match.State.LATER,
    "open": Match.State.OPEN,
}


def decision_withdraw(*, decision_id: int, member: Member | None = None) -> None:
    """Take back what was said, if it still stands: the two are a match again, as they were."""
    with transaction.atomic():
        said = Decision.objects.filter(pk=decision_id, is_withdrawn=False).first()
        if said is not None:
            decide(left_id=said.left_id, right_id=said.right_id, decision=Match.State.OPEN, member=member)
