"""Many pairs at once: how many there are, ten of them looked over, then merged in the background."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.tenancy.runs import nudge
from dedup.register import selectors
from dedup.register.merging import merging_count, merging_sample
from dedup.register.models import Decision, Match, MatchRun
from dedup.register.services import RunRefused, decide, merging_start
from dedup.register.tasks import match_run_work
from dedup.review.evidence import evidence_of
from dedup.review.run_views import merging_context, run_of
from dedup.review.shown import pair_of
from dedup.review.state import QueueState, state_read
from dedup.review.wording import FIELD_WORDS, SAID_OF_NOBODY, percent_words

STEPS = (0.999, 0.995, 0.99, 0.98, 0.95, 0.9)
"""From which probability on many may be merged at once; less certain pairs are looked at one by one."""
SAMPLE = 10
ANSWERS = ("same", "different")


@requires(Capability.MERGE)
@require_http_methods(["GET", "HEAD", "POST"])
def match_bulk(request: BusinessRequest, slug: str) -> HttpResponse:
    """Merge all open pairs from a threshold on. GET ``from`` and ``agree`` (several). POST the answers on the sample,
    ``said_<match>`` each: nothing is merged before ten pairs, or all there are, were found to be the same guest."""
    given = request.POST if request.method == "POST" else request.GET
    minimum, agree = _minimum(given.get("from", "")), state_read(given).agree
    if request.method != "POST":
        return _page(request, minimum, agree)
    sample = merging_sample(minimum=minimum, agree=frozenset(agree), size=SAMPLE)
    said = {pk: given.get(f"said_{pk}", "") for pk in sample}
    if any(each not in ANSWERS for each in said.values()):
        problem = _("Look at every pair below first: say of each whether it is one guest.")
        return _page(request, minimum, agree, said, problem)
    wrong = Match.objects.filter(pk__in=[pk for pk, each in said.items() if each == "different"])
    for match in wrong:
        decide(
            left_id=match.left_id,
            right_id=match.right_id,
            decision=Decision.Verdict.DIFFERENT,
            member=request.member,
            sampled=True,
        )
    if "different" in said.values():
        problem = _(
            "Nothing was merged: at this threshold are pairs that are two guests. They are noted as such. "
            "Choose a higher threshold, or more fields that must agree, and look again."
        )
        messages.error(request, problem)
        return redirect(f"{reverse('match_bulk', kwargs={'slug': slug})}?{_query(minimum, agree)}")
    if not said:
        return _page(request, minimum, agree)
    try:
        run = merging_start(minimum=minimum, agree=frozenset(agree), member=request.member)
    except RunRefused as refused:
        messages.error(request, str(refused))
        return redirect("match_list", slug=slug)
    nudge(match_run_work, run)
    return redirect("match_bulk_run", slug=slug, search_id=run.pk)


@requires(Capability.MERGE)
@require_safe
def match_bulk_run(request: BusinessRequest, slug: str, search_id: int) -> HttpResponse:
    """A merging of many pairs, at whatever point it is; a search has no page but the list."""
    run = run_of(search_id)
    if run.kind != MatchRun.Kind.MERGE:
        return redirect("match_list", slug=slug)
    return render(request, "duplicates/bulk_run.html", merging_context(request, run))


def _page(
    request: BusinessRequest,
    minimum: float,
    agree: tuple[str, ...],
    said: dict[int, str] | None = None,
    problem: str = "",
) -> HttpResponse:
    state = QueueState(agree=agree)
    ids = merging_sample(minimum=minimum, agree=frozenset(agree), size=SAMPLE)
    rows = [row for pk in ids if (row := selectors.match_row(match_id=pk)) is not None]
    sample: list[dict[str, Any]] = [
        {
            "pair": replace(pair_of(request, row, state), evidence=evidence_of(row)),
            "said": (said or {}).get(row.match_id, ""),
        }
        for row in rows
    ]
    counts = selectors.counts()
    context = {
        "total": merging_count(minimum=minimum, agree=frozenset(agree)),
        "sample": sample,
        "problem": problem,
        "steps": [(f"{step:g}", _("%(percent)s and more") % {"percent": percent_words(step)}) for step in STEPS],
        "chosen": f"{minimum:g}",
        "fields": [
            (name, label, name in agree)
            for name, label in FIELD_WORDS.items()
            if name in counts.fields and name not in SAID_OF_NOBODY
        ],
        "agree": agree,
    }
    return render(request, "duplicates/bulk.html", context, status=422 if problem else 200)


def _query(minimum: float, agree: tuple[str, ...]) -> str:
    return urlencode([("from", f"{minimum:g}"), *(("agree", name) for name in agree)])


def _minimum(text: str) -> float:
    chosen = next((step for step in STEPS if text == f"{step:g}"), None)
    if chosen is not None:
        return chosen
    certain = selectors.settings_get().certain
    return next((step for step in STEPS if step <= certain), STEPS[-1])
