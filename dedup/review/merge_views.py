"""The page where several cards become one: what each says, what the result says, what moves."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from customers.changes.messages import undoable
from customers.changes.models import ChangeSet
from customers.changes.views import change_undo
from customers.search.hits import hits_found
from dedup.merging.services import MergeRefused, merge, merge_preview
from dedup.merging.shown import Preview
from dedup.register.models import Decision, Match
from dedup.register.services import DecisionRefused, decide
from dedup.register.shown import cards_shown
from dedup.review.following import following, queue_address
from dedup.review.merge_shown import PICK, merge_shown
from dedup.review.services import match_back
from dedup.review.shown import merge_address
from dedup.review.state import QueueState, number_read, state_read

CARDS_MAX = 10
"""Cards that stand beside each other on a page."""
TEXT_MAX = 120
SEEN = "seen_"


@requires(Capability.MERGE)
@require_http_methods(["GET", "HEAD", "POST"])
def match_merge(request: BusinessRequest, slug: str, match_id: int) -> HttpResponse:
    """The same for the two cards of a match. The address carries the list one is working through."""
    match = Match.objects.filter(pk=match_id).first()
    if match is None:
        raise Http404
    return _merge(request, [match.left_id, match.right_id], state_read(request.GET).with_(match=match_id))


@requires(Capability.MERGE)
@require_http_methods(["GET", "HEAD", "POST"])
def merge_cards(request: BusinessRequest, slug: str) -> HttpResponse:
    """Make one card of several. GET ``guests`` (ids with commas, or repeated), ``all`` to see what is alike too.

    POST ``pick_<field>`` (which card's value, from 0), ``survivor``, ``tag`` (several) and ``seen_<id>``, the versions
    that were on the page; ``_merge`` leads back to the list with a way back.
    """
    return _merge(request, guests_read(request.GET), state_read(request.GET))


def _merge(request: BusinessRequest, guests: Sequence[int], state: QueueState) -> HttpResponse:
    if len(guests) > CARDS_MAX:
        text = ngettext(
            "At most %(number)d card is merged at once.", "At most %(number)d cards are merged at once.", CARDS_MAX
        )
        return _refused(request, text % {"number": CARDS_MAX})
    try:
        preview = merge_preview(customer_ids=guests)
    except MergeRefused as refused:
        return _refused(request, str(refused))
    if request.method != "POST":
        return _page(request, preview, state)
    try:
        act = merge(customer_ids=guests, member=request.member, **_sent(request.POST, preview))
    except MergeRefused as refused:
        return _page(request, preview, state, problem=str(refused))
    survivor = _survivor(request.POST, preview)
    names = ", ".join(card.name or "–" for card in preview.cards)
    text = _("%(names)s are one card now.") % {"names": names}
    slug = request.business.slug
    if state.match is None:
        undoable(request, text, act)
        return redirect("guest_card", slug=slug, customer_id=survivor)
    back = reverse("match_unmerge", kwargs={"slug": slug, "match_id": state.match, "change_set_id": act.pk})
    messages.success(request, text, extra_tags=f"undo={back}{state.query}")
    return redirect(queue_address(slug, following(state)))


@requires(Capability.MERGE)
@require_POST
def match_unmerge(request: BusinessRequest, slug: str, match_id: int, change_set_id: int) -> HttpResponse:
    """Undo a merge that was made from the queue, and show the pair again where it stood."""
    if not Match.objects.filter(pk=match_id).exists():
        raise Http404
    answer = change_undo(request, slug=slug, change_set_id=change_set_id)
    if not ChangeSet.objects.filter(pk=change_set_id, state=ChangeSet.State.UNDONE).exists():
        return answer
    state = state_read(request.GET).with_(match=match_id)
    match_back(match_id=match_id, state=Match.State(state.state))
    return redirect(queue_address(slug, state))


@requires(Capability.MERGE)
@require_safe
def merge_other(request: BusinessRequest, slug: str) -> HttpResponse:
    """Look for another card of the same guest. GET ``guests``, those there are, and ``q``."""
    guests = guests_read(request.GET)
    shown = cards_shown(guests)
    if not shown:
        return _refused(request, _("Choose at least two guests first."))
    text = request.GET.get("q", "")[:TEXT_MAX].replace("\x00", "").strip()
    hits = hits_found(business=request.business, member_id=request.member.pk, text=text) if text else []
    known = [pk for pk in guests if pk in shown]
    context = {
        "cards": [shown[pk] for pk in known],
        "guests": ",".join(map(str, known)),
        "text": text,
        "hits": [(hit, merge_address(slug, [*known, hit.customer_id])) for hit in hits if hit.customer_id not in shown],
    }
    return render(request, "duplicates/other.html", context)


@requires(Capability.MERGE)
@require_POST
def merge_apart(request: BusinessRequest, slug: str) -> HttpResponse:
    """Say of cards that no two of them are the same guest. POST ``guests``."""
    state = state_read(request.GET)
    guests = guests_read(request.POST)
    if not 2 <= len(guests) <= CARDS_MAX:
        return _refused(request, _("Choose at least two guests first."))
    try:
        for left, right in combinations(guests, 2):
            decide(left_id=left, right_id=right, decision=Decision.Verdict.DIFFERENT, member=request.member)
    except DecisionRefused as refused:
        return _refused(request, str(refused))
    messages.success(request, _("Noted: they are not the same guest. It will not be asked again."))
    if state.match is None:
        return redirect("guest_card", slug=slug, customer_id=guests[0])
    return redirect(queue_address(slug, following(state)))


def guests_read(query: QueryDict) -> list[int]:
    """Cards as an address names them: ``guests`` with commas or repeated, each once, in that order."""
    typed = [each for part in query.getlist("guests") for each in part.split(",")]
    return list(dict.fromkeys(number for each in typed if (number := number_read(each)) is not None))


def _sent(sent: QueryDict, preview: Preview) -> dict[str, Any]:
    """What was chosen on the page, as the service takes it; what was not sent is left to it."""
    cards = range(len(preview.cards))
    keys = {choice.key for choice in (*preview.fields, *preview.own)}
    picked = {key: number_read(sent.get(PICK + key, "")) for key in keys}
    versions = {card.id: number_read(sent.get(f"{SEEN}{card.id}", "")) for card in preview.cards}
    return {
        "survivor_id": _survivor(sent, preview),
        "choices": {key: place for key, place in picked.items() if place in cards},
        "tags": _numbers(sent.getlist("tag")) if preview.tags.over_nine else None,
        "versions": {pk: version for pk, version in versions.items() if version is not None},
    }


def _survivor(sent: QueryDict, preview: Preview) -> int:
    wanted = number_read(sent.get("survivor", ""))
    return wanted if wanted in {card.id for card in preview.cards} and wanted is not None else preview.survivor_id


def _numbers(texts: Sequence[str]) -> list[int]:
    return [number for text in texts if (number := number_read(text)) is not None]


def _letters(preview: Preview, cards: Sequence[bool]) -> list[str]:
    """The cards that have something."""
    return [card.letter for card, has in zip(preview.cards, cards, strict=True) if has]


def _refused(request: BusinessRequest, text: str) -> HttpResponse:
    """Back to the list, with the reason."""
    messages.error(request, text)
    return redirect("match_list", slug=request.business.slug)


def _page(request: BusinessRequest, preview: Preview, state: QueueState, problem: str = "") -> HttpResponse:
    slug = request.business.slug
    place = state.query if state.match is not None or not state.is_open else ""
    ids = [card.id for card in preview.cards]
    address = merge_address(slug, ids, place)
    shows_all = bool(request.GET.get("all"))
    context = {
        "preview": preview,
        "consents": [each for each in preview.consents if any(said.granted is not None for said in each.said)],
        "heads": [
            (card, reverse("guest_card", kwargs={"slug": slug, "customer_id": card.id})) for card in preview.cards
        ],
        "points": [(point, _letters(preview, point.cards)) for point in preview.points],
        "sensitive": [(detail, _letters(preview, detail.cards)) for detail in preview.sensitive],
        "merge": merge_shown(preview, request.POST, shows_all=shows_all),
        "problem": problem,
        "address": address,
        "all_url": f"{address}&all=1",
        "shows_all": shows_all,
        "other_url": f"{reverse('merge_other', kwargs={'slug': slug})}?guests={','.join(map(str, ids))}",
        "apart_url": reverse("merge_apart", kwargs={"slug": slug}) + place,
        "back_url": queue_address(slug, state) if state.match is not None else "",
    }
    return render(request, "duplicates/merge.html", context, status=422 if problem else 200)
