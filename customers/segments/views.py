"""Pages of segments: all of them, and one with its builder, whose state travels in its form."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts import formats
from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.services.refusals import Refused
from customers.changes.messages import named
from customers.conditions.builder import (
    Draft,
    DraftGroup,
    DraftRule,
    draft_of,
    draft_read,
    draft_ready,
    draft_so_far,
    draft_tree,
)
from customers.conditions.counts import is_large
from customers.conditions.moves import draft_changed
from customers.conditions.names import Names, locale
from customers.conditions.selectors import filter_catalogue
from customers.conditions.words import tree_words
from customers.filters import EMPTY, Group, Problem, TreeError, tree_loads, tree_read
from customers.segments.forms import Builder, SegmentForm, focus_of
from customers.segments.models import Segment
from customers.segments.selectors import (
    segment_get,
    segment_history,
    segment_list,
    segments_resting_on,
    views_resting_on,
)
from customers.segments.services import SegmentChanged, segment_create, segment_remove, segment_update
from customers.segments.shown import channels_of, figures_of, list_address, live_of
from customers.segments.sockets import acts_of
from customers.segments.tasks import segments_nudge
from customers.segments.trends import segment_trends

HISTORY_DAYS = 30
BLANK = DraftGroup(rules=(DraftRule(),))
CHANGED = "segment-changed"
"""Told to the page when a button of the builder has changed the filter: the panel beside it counts anew."""


@requires(Capability.LOOK_UP)
@require_safe
def segment_index(request: BusinessRequest, slug: str) -> HttpResponse:
    """All segments, with how many are in them and how that went."""
    segments = segment_list()
    names = Names(business=request.business, catalogue=filter_catalogue())
    trends = segment_trends(segments=segments, business=request.business)
    context = {
        "segments": [
            {"segment": each, "words": _words(each, names), "trend": trend, "line": _line(trend)}
            for each, trend in ((each, trends.get(each.pk)) for each in segments)
        ],
        "can_build": request.member.can(Capability.SEGMENT),
    }
    return render(request, "segments/list.html", context)


@requires(Capability.SEGMENT)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """A new segment, from nothing or from the ``filter`` of the list; POST saves it, or takes a draft over."""
    page = _Page(request)
    if request.method != "POST":
        problems: Sequence[Problem] = ()
        tree = EMPTY
        try:
            tree = tree_loads(request.GET.get("filter", ""), page.names.catalogue)
        except TreeError as error:
            problems = error.problems
        focus = "" if tree else "rule1-field"
        return page.shown(draft_of(tree) if tree else BLANK, SegmentForm(), problems=problems, focus=focus)
    draft = page.draft()
    if request.POST.get("act") == "copy":
        name = request.POST.get("name", "").strip()[:70]
        initial = {"name": _("%(name)s (copy)") % {"name": name} if name else "",
                   "description": request.POST.get("description", "")}  # fmt: skip
        return page.shown(draft, SegmentForm(initial=initial), focus="id_name")
    form = SegmentForm(request.POST)
    if not form.is_valid():
        return page.refused(draft, form)
    try:
        tree = draft_tree(draft, page.names.catalogue)
        values = {"name": form.cleaned_data["name"], "description": form.cleaned_data["description"]}
        segment = segment_create(tree=tree, member=request.member, **values)
    except (Refused, TreeError) as error:
        return page.refused(draft, form, error)
    segments_nudge(request.business.pk)
    messages.success(request, named(_("The segment “%(name)s” is saved."), segment))
    return redirect("segment_page", slug=slug, segment_id=segment.pk)


@requires(Capability.LOOK_UP)
@require_safe
def segment_page(request: BusinessRequest, slug: str, segment_id: int) -> HttpResponse:
    """One segment: its conditions, who is in it and how that went."""
    segment = _segment_or_404(segment_id)
    page = _Page(request, segment)
    problems: Sequence[Problem] = ()
    tree = EMPTY
    try:
        tree = tree_read(segment.tree, page.names.catalogue)
    except TreeError as error:
        problems = error.problems
    return page.shown(draft_of(tree), page.form(), problems=problems, tree=tree)


@requires(Capability.SEGMENT)
@require_POST
def segment_edit(request: BusinessRequest, slug: str, segment_id: int) -> HttpResponse:
    """Save a segment; one that a colleague has changed meanwhile is shown beside one's own, with 409."""
    segment = _segment_or_404(segment_id)
    page = _Page(request, segment)
    draft, form = page.draft(), SegmentForm(request.POST)
    if not form.is_valid():
        return page.refused(draft, form)
    try:
        segment = segment_update(
            segment_id=segment_id,
            version=form.cleaned_data["version"],
            name=form.cleaned_data["name"],
            description=form.cleaned_data["description"],
            tree=draft_tree(draft, page.names.catalogue),
            member=request.member,
        )
    except SegmentChanged as changed:
        return page.conflict(draft, changed.current)
    except (Refused, TreeError) as error:
        return page.refused(draft, form, error)
    except Segment.DoesNotExist as error:
        raise Http404 from error
    segments_nudge(request.business.pk)
    messages.success(request, named(_("The segment “%(name)s” is saved."), segment))
    return redirect("segment_page", slug=slug, segment_id=segment.pk)


@requires(Capability.SEGMENT)
@require_POST
def segment_build(request: BusinessRequest, slug: str) -> HttpResponse:
    """A button of the builder, or another field or operator: the builder as it is then; without script the page."""
    given = request.POST.get("segment", "")
    segment = _segment_or_404(int(given)) if given.isascii() and given.isdecimal() and len(given) < 19 else None
    page = _Page(request, segment)
    act = request.POST.get("act", "")
    draft, place = draft_changed(page.draft(), act)
    focus = focus_of(draft, act, place)
    if request.htmx:
        builder = Builder(draft, page.names, focus=focus)
        return trigger_client_event(render(request, "segments/_builder.html", {"builder": builder}), CHANGED)
    return page.shown(draft, SegmentForm(initial=request.POST.dict()), focus=focus)


@requires(Capability.LOOK_UP)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_live(request: BusinessRequest, slug: str) -> HttpResponse:
    """The panel beside the builder: POST of its form counts the finished part; GET of a ``filter`` counts exactly."""
    page = _Page(request)
    if request.method == "POST":
        tree, unfinished = draft_so_far(page.draft(), page.names.catalogue)
        return render(request, "segments/_live.html", page.live(tree, unfinished=unfinished))
    try:
        tree = tree_loads(request.GET.get("filter", ""), page.names.catalogue)
    except TreeError as error:
        return render(
            request, "segments/_live.html", {"live": None, "live_problems": _told(error.problems)}, status=422
        )
    # The part that was not finished when this was asked for still is not.
    left_out = request.GET.get("unfinished", "")
    number = int(left_out) if left_out.isascii() and left_out.isdecimal() and len(left_out) < 4 else 0
    context = {**page.live(tree, exact=True), "unfinished": number}
    return render(request, "segments/_live.html", context)


@requires(Capability.LOOK_UP)
@require_safe
def segment_reach(request: BusinessRequest, slug: str, segment_id: int) -> HttpResponse:
    """How many of a segment each channel reaches: asked for by the list once it stands."""
    segment = _segment_or_404(segment_id)
    catalogue = filter_catalogue()
    try:
        tree = tree_read(segment.tree, catalogue)
        figures = figures_of(tree, business=request.business, catalogue=catalogue)
    except TreeError:
        return render(request, "segments/_reach.html", {"channels": []})
    return render(request, "segments/_reach.html", {
        "channels": channels_of(figures, tree, request.business), "is_exact": figures.counted.is_exact,
    })  # fmt: skip


@requires(Capability.SEGMENT)
@require_http_methods(["GET", "HEAD", "POST"])
def segment_delete(request: BusinessRequest, slug: str, segment_id: int) -> HttpResponse:
    """Remove a segment, once asked: the history of its members goes with it."""
    segment = _segment_or_404(segment_id)
    if request.method != "POST":
        context = {
            "segment": segment,
            "used_by": segments_resting_on(segment_id),
            "views": views_resting_on(segment_id),
        }
        return render(request, "segments/remove.html", context)
    try:
        segment_remove(segment_id=segment_id, member=request.member)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("segment_page", slug=slug, segment_id=segment_id)
    except Segment.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, named(_("The segment “%(name)s” is removed."), segment))
    return redirect("segment_list", slug=slug)


class _Page:
    """The page of one segment, or of a new one."""

    def __init__(self, request: BusinessRequest, segment: Segment | None = None) -> None:
        self.request, self.segment = request, segment
        self.names = Names(business=request.business, catalogue=filter_catalogue())

    def draft(self) -> Draft:
        """What the builder's form holds."""
        return draft_ready(draft_read(dict(self.request.POST.lists())), self.names.catalogue)

    def form(self) -> SegmentForm:
        """The segment's name and description as they are."""
        assert self.segment is not None  # noqa: S101 - a new one has none
        initial = {"name": self.segment.title, "description": self.segment.description}
        return SegmentForm(initial={**initial, "version": self.segment.version})

    def shown(
        self,
        draft: Draft,
        form: SegmentForm,
        *,
        problems: Sequence[Problem] = (),
        focus: str = "",
        status: int = 200,
        tree: Group | None = None,
        **more: Any,
    ) -> HttpResponse:
        """The whole page. Of a large register the panel counts once the page stands, or when asked by ``?count``."""
        request, segment = self.request, self.segment
        so_far, unfinished = (tree, []) if tree is not None else draft_so_far(draft, self.names.catalogue)
        can_build = request.member.can(Capability.SEGMENT)
        waits = status == 200 and "count" not in request.GET and request.method != "POST" and is_large()
        context = {
            "segment": segment,
            "form": form,
            "builder": Builder(draft, self.names, problems=problems, focus=focus) if can_build else None,
            "problems": _told(problems),
            "words": tree_words(so_far, self.names),
            "can_build": can_build,
            "can_export": self.request.member.can(Capability.EXPORT),
            "focus": focus,
            "waits": waits,
            "list_url": list_address(so_far, request.business),
            **({"live": None} if waits else self.live(so_far, unfinished=unfinished)),
            **(self._kept(segment) if segment is not None else {}),
            **more,
        }
        return render(request, "segments/segment.html", context, status=status)

    def refused(self, draft: Draft, form: SegmentForm, error: Refused | TreeError | None = None) -> HttpResponse:
        """The page again with what is wrong, everything kept."""
        if isinstance(error, Refused):
            form.add_error(error.field if error.field in form.fields else None, str(error))
        problems = error.problems if isinstance(error, TreeError) else []
        if error is None:
            problems = draft_so_far(draft, self.names.catalogue)[1]
        return self.shown(draft, form, problems=problems, status=422)

    def conflict(self, draft: Draft, current: Segment) -> HttpResponse:
        """The editor's own input with the colleague's beside it; saving once more is done knowingly."""
        posted = self.request.POST.copy()
        posted["version"] = str(current.version)
        theirs = {"segment": current, "words": _words(current, self.names)}
        return self.shown(draft, SegmentForm(posted), status=409, theirs=theirs)

    def live(self, tree: Group, *, unfinished: Sequence[Problem] = (), exact: bool = False) -> dict[str, Any]:
        """What the panel shows of a filter."""
        try:
            live = live_of(tree, business=self.request.business, catalogue=self.names.catalogue, exact=exact)
        except TreeError as error:
            return {"live": None, "live_problems": _told(error.problems)}
        return {"live": live, "unfinished": len(unfinished)}

    def _kept(self, segment: Segment) -> dict[str, Any]:
        """What is known of a segment that there is."""
        history = segment_history(segment_id=segment.pk, days=HISTORY_DAYS)
        return {
            "history": history,
            "chart_labels": [formats.day(each.day, locale(), width="short") for each in history],
            "chart_series": [(_("Guests"), [each.members for each in history])],
            "used_by": segments_resting_on(segment.pk),
            "used_by_views": views_resting_on(segment.pk),
            "acts": acts_of(self.request, segment_id=segment.pk),
        }


def _segment_or_404(segment_id: int) -> Segment:
    try:
        return segment_get(segment_id)
    except Segment.DoesNotExist as error:
        raise Http404 from error


def _told(problems: Sequence[Problem]) -> list[str]:
    return list(dict.fromkeys(_(each.message) % each.params for each in problems))


def _words(segment: Segment, names: Names) -> str:
    """A segment's conditions as a sentence; one that cannot be read any more says why."""
    try:
        return tree_words(tree_read(segment.tree, names.catalogue), names) or _("Every guest")
    except TreeError as error:
        return " ".join(_told(error.problems))


def _line(trend: Any) -> str:
    """A trend as the path of a small chart, 100 wide and 24 high; empty where there is nothing to compare."""
    if trend is None or len(trend.members) < 2:
        return ""
    low, high = min(trend.members), max(trend.members)
    span = (high - low) or 1
    step = 100 / (len(trend.members) - 1)
    points = (
        f"{step * at:.1f} {(22 - 20 * (number - low) / span) if high > low else 12:.1f}"
        for at, number in enumerate(trend.members)
    )
    return "M" + " L".join(points)
