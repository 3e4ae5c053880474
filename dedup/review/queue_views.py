"""The queue of pairs: the list, the pair beside it, and what people decide."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.access import BusinessRequest, forbidden, requires
from accounts.models import Capability
from customers.changes.messages import undoable
from dedup.register import selectors
from dedup.register.lookup import is_ready
from dedup.register.models import Match
from dedup.register.selectors import PAGE, Counts, Row
from dedup.register.services import decide
from dedup.review.evidence import evidence_of
from dedup.review.following import following, queue_address
from dedup.review.others import others_of
from dedup.review.services import merge_propose, proposals
from dedup.review.shown import PairShown, merge_address, pair_of
from dedup.review.state import STATES, QueueState, state_read
from dedup.review.wording import FIELD_WORDS, SAID_OF_NOBODY, bands

PART = "match"
"""The id of the part that shows a pair beside the list."""
CLOSED = {
    Match.State.MERGED: gettext_lazy("The two were merged."),
    Match.State.GONE: gettext_lazy("The two are not alike any more."),
}
DECISIONS = {
    Match.State.DIFFERENT: gettext_lazy("%(a)s and %(b)s are two guests. It will not be asked again."),
    Match.State.LATER: gettext_lazy("%(a)s and %(b)s are put aside."),
    Match.State.OPEN: gettext_lazy("%(a)s and %(b)s are in the list again."),
}
NOTHING = {
    Match.State.LATER: gettext_lazy("Pairs that somebody put aside will stand here."),
    Match.State.DIFFERENT: gettext_lazy(
        "Pairs that somebody found to be two guests will stand here. It is never asked again."
    ),
}


@requires(Capability.PROPOSE)
@require_safe
def match_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """Pairs of cards that may be one guest, the most certain first, one of them shown beside the list.

    GET ``state``, ``band``, ``agree`` (several), ``after``, ``match``. Asked for the part ``match`` alone, that.
    """
    state = state_read(request.GET)
    if request.htmx and (request.htmx.target or "").rpartition("#")[2] == PART:
        return render(request, "duplicates/_match.html", _beside(request, state, state.match))
    return render(request, "duplicates/list.html", _context(request, state))


def _context(request: BusinessRequest, state: QueueState) -> dict[str, Any]:
    minimum, maximum = state.limits
    rows = selectors.queue(
        minimum=minimum, maximum=maximum, agree=state.agree, state=state.state, after=state.after, size=PAGE + 1
    )
    rows, more = rows[:PAGE], len(rows) > PAGE
    chosen = state.match if state.match is not None else rows[0].match_id if rows else None
    counts = selectors.counts()
    proposed = proposals(rows)
    page = state.with_(match=None)
    run = selectors.run_latest()
    return {
        "state": state,
        "pairs": [pair_of(request, row, state, chosen, proposed) for row in rows],
        "is_chosen": state.match is not None,
        "previous": page.with_(after=None).query if state.after is not None else "",
        "next": page.with_(after=rows[-1].match_id).query if more else "",
        "everything": QueueState(state=state.state).query,
        "bulk_query": QueueState(agree=state.agree).query,
        "tabs": _tabs(counts, state),
        "bands": _bands(counts, state) if state.is_open else [],
        "fields": _fields(counts, state),
        "total": counts.open,
        "run": run,
        "is_ready": is_ready(),
        "can_merge": request.member.can(Capability.MERGE),
        "nothing": NOTHING.get(Match.State(state.state), ""),
        **_beside(request, state, chosen, rows),
    }


def _beside(
    request: BusinessRequest, state: QueueState, chosen: int | None, rows: list[Row] | None = None
) -> dict[str, Any]:
    """The pair that is shown beside the list; it may be of another page, or decided since."""
    row = next((row for row in rows or [] if row.match_id == chosen), None)
    if row is None and chosen is not None:
        row = selectors.match_row(match_id=chosen)
    back = state.with_(match=None).query
    return {"match": match_shown(request, row, state) if row else None, "back_url": back, "state": state}


def match_shown(request: BusinessRequest, row: Row, state: QueueState) -> PairShown:
    """A pair with all that is known of it."""
    pair = pair_of(request, row, state, proposed=proposals([row]))
    ids = [row.left.customer_id, row.right.customer_id]
    others = others_of(customer_ids=ids) if pair.is_open else []
    return replace(
        pair,
        evidence=evidence_of(row),
        others=others,
        merge_all_url=merge_address(request.business.slug, [*ids, *others], pair.url),
        closed=str(CLOSED.get(Match.State(row.state), "")),
    )


@requires(Capability.PROPOSE)
@require_POST
def match_decide(request: BusinessRequest, slug: str, match_id: int) -> HttpResponse:
    """Decide on a pair. POST ``decision``: ``different``, ``later``, ``open`` (back into the list) or ``propose``.

    The address carries the list one is working through; the next pair is shown.
    """
    row = selectors.match_row(match_id=match_id)
    if row is None:
        raise Http404
    # The toast's way back sends nothing but its address.
    decision = request.POST.get("decision") or request.GET.get("decision", "")
    if decision == Match.State.DIFFERENT and not request.member.can(Capability.MERGE):
        return forbidden(request, Capability.MERGE)
    state = state_read(request.GET).with_(match=match_id)
    stays = _decided(request, row, decision, state)
    return redirect(queue_address(slug, state if stays else following(state)))


def _decided(request: BusinessRequest, row: Row, decision: str, state: QueueState) -> bool:
    """Do what was decided and say it; whether the pair stays where it is in the list."""
    names = {"a": row.left.name or "–", "b": row.right.name or "–"}
    left, right = row.left.customer_id, row.right.customer_id
    again = reverse("match_decide", kwargs={"slug": request.business.slug, "match_id": row.match_id})
    again = f"{again}{state.with_(match=row.match_id).query}&decision=open"
    if decision == "propose":
        _todo, act = merge_propose(row=row, member=request.member)
        if act is None:
            messages.info(request, _("This has been proposed already."))
        else:
            undoable(request, _("There is a task now for those who may merge: %(a)s and %(b)s.") % names, act)
        return True
    if decision not in tuple(DECISIONS):
        return True
    decide(left_id=left, right_id=right, decision=decision, member=request.member)
    extra = "" if decision == Match.State.OPEN else f"undo={again}"
    messages.success(request, DECISIONS[Match.State(decision)] % names, extra_tags=extra)
    return decision == Match.State.OPEN and state.is_open


def _tabs(counts: Counts, state: QueueState) -> list[dict[str, Any]]:
    numbers = {Match.State.OPEN: counts.open, Match.State.LATER: counts.later, Match.State.DIFFERENT: counts.different}
    return [
        {
            "label": Match.State(each).label,
            "url": QueueState(state=each).query,
            "count": numbers[each],
            "current": each == state.state,
        }
        for each in STATES
    ]


def _bands(counts: Counts, state: QueueState) -> list[dict[str, Any]]:
    """The stretches of confidence that hold a pair, and the one chosen; pressed again it lets go."""
    numbers = dict(counts.bands)
    return [
        {
            "label": band.label,
            "url": state.with_(band=None if band.low == state.band else band.low, after=None, match=None).query,
            "count": numbers.get(band.low, 0),
            "current": band.low == state.band,
        }
        for band in bands()
        if numbers.get(band.low) or band.low == state.band
    ]


def _fields(counts: Counts, state: QueueState) -> list[dict[str, Any]]:
    """The fields that some pairs agree in."""
    return [
        {"label": label, "url": state.toggled(name).query, "current": name in state.agree}
        for name, label in FIELD_WORDS.items()
        if name not in SAID_OF_NOBODY and (name in counts.fields or name in state.agree)
    ]
