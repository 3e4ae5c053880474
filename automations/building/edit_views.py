"""The builder: every act on a draft is a form of its own, saved at once, refused when a colleague was quicker."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.services.refusals import Refused
from automations.building.editing import part_set, step_added, step_found, step_moved, step_removed, step_set
from automations.building.forms import PartForm
from automations.building.labels import TONES
from automations.building.letter import Words, words_save
from automations.building.naming import Names
from automations.building.selectors import automation_get
from automations.building.services import AutomationChanged, automation_change
from automations.building.shown import Opened, Shown, opened_of, tree_at
from automations.definition import Do, Leave
from automations.models import Automation
from customers.conditions.builder import Draft, draft_read, draft_ready, draft_tree
from customers.conditions.moves import draft_changed
from customers.filters import TreeError, tree_write
from customers.segments.forms import Builder, focus_of
from messaging.texts.checking import TextRefused
from messaging.texts.services import TextChanged

Data = Mapping[str, Any]


@requires(Capability.AUTOMATE)
@require_http_methods(["GET", "HEAD", "POST"])
def automation_edit(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """The builder; ``?open=`` shows the form of a part. POST does what ``act`` says and saves it."""
    page = _Page(request, automation_id)
    if request.method != "POST":
        place = request.GET.get("open", "")
        opened = opened_of(place, page.automation, page.names) if place else None
        return page.shown(opened, focus=request.GET.get("focus", ""))
    act, _colon, what = request.POST.get("act", "").partition(":")
    match act:
        case "add":
            return page.added(what)
        case "up" | "down":
            return page.moved(what, act)
        case "remove":
            return page.removed(what)
        case "drop":
            return page.dropped(what)
    return page.saved(request.POST.get("place", ""))


@requires(Capability.AUTOMATE)
@require_POST
def automation_build(request: BusinessRequest, slug: str, automation_id: int) -> HttpResponse:
    """A button of the builder of a filter: the builder as it is then; without script the page. Nothing is saved."""
    page = _Page(request, automation_id)
    act = request.POST.get("act", "")
    draft, place = draft_changed(page.draft(), act)
    builder = Builder(draft, page.names.filters, focus=focus_of(draft, act, place))
    if request.htmx:
        context = {"builder": builder, "build_url": page.build_url}
        return render(request, "segments/_builder.html", context)
    return page.shown(Opened(request.POST.get("place", ""), builder=builder))


class _Page:
    """One automation being changed."""

    def __init__(self, request: BusinessRequest, automation_id: int) -> None:
        self.request = request
        try:
            self.automation = automation_get(automation_id=automation_id)
        except Automation.DoesNotExist as error:
            raise Http404 from error
        self.names = Names(business=request.business)

    @property
    def address(self) -> dict[str, Any]:
        """What its addresses are made of."""
        return {"slug": self.request.business.slug, "automation_id": self.automation.pk}

    @property
    def build_url(self) -> str:
        """Where the buttons of the builder of a filter lead."""
        return reverse("automation_build", kwargs=self.address)

    @property
    def data(self) -> Data:
        """The draft."""
        return self.automation.draft

    def draft(self) -> Draft:
        """What the builder of a filter holds."""
        return draft_ready(draft_read(dict(self.request.POST.lists())), self.names.catalogue)

    def shown(
        self,
        opened: Opened | None = None,
        *,
        focus: str = "",
        status: int = 200,
        alert: str = "",
        lost: Sequence[tuple[str, str]] = (),
    ) -> HttpResponse:
        """The page, or for htmx the part of it that changes."""
        shown = Shown(
            self.automation,
            self.request.business,
            names=self.names,
            opened=opened,
            focus=focus,
            alert=alert,
            lost=lost,
        )
        context = {
            "shown": shown,
            "automation": self.automation,
            "build_url": self.build_url,
            "tone": TONES[Automation.State(self.automation.state)],
        }
        name = "automations/_builder.html" if self.request.htmx else "automations/builder.html"
        return render(self.request, name, context, status=status)

    def added(self, what: str) -> HttpResponse:
        """One more step at the end of a row, its form open."""
        kind, _colon, row = what.partition(":")
        if kind not in list(Do):
            raise Http404
        pk = ""

        def change(data: Data) -> Data:
            nonlocal pk
            changed, pk = step_added(data, Do(kind), row)
            return changed

        return self._acted(change, lambda: (f"step.{pk}" if pk and kind != Do.STOP else "", f"step-{pk}"))

    def moved(self, pk: str, act: str) -> HttpResponse:
        """A step one place on; its button keeps the focus."""
        by = -1 if act == "up" else 1
        return self._acted(lambda data: step_moved(data, pk, by), lambda: ("", f"step-{pk}-{act}"))

    def removed(self, pk: str) -> HttpResponse:
        """Without a step; the focus goes to the one that follows."""
        following = ""

        def change(data: Data) -> Data:
            nonlocal following
            changed, following = step_removed(data, pk)
            return changed

        return self._acted(change, lambda: ("", f"step-{following}" if following else "add-"))

    def dropped(self, place: str) -> HttpResponse:
        """Without the filter that narrows who enters, or without a rule of leaving."""
        if place != "only" and not tree_at(self.data, place)[1]:
            raise Http404
        return self._acted(lambda data: part_set(data, place, None), lambda: ("", "rules"))

    def saved(self, place: str) -> HttpResponse:
        """What the form of a part holds."""
        _tree, is_tree = tree_at(self.data, place)
        if is_tree:
            return self._tree_saved(place)
        opened = opened_of(place, self.automation, self.names, self.request.POST)
        if opened is None or opened.form is None:
            return self._conflict(None)
        if opened.words is not None:
            opened.words = opened.words.posted(self.request.POST)
        if not opened.form.is_valid():
            return self.shown(opened, status=422)
        if place == "name":
            return self._written(opened, name=opened.form.cleaned_data["name"])
        return self._written(opened, definition=self._with(place, opened.form), words=opened.words)

    def _with(self, place: str, form: Any) -> Data:
        if place == "rules":
            data = self.data
            for part, value in form.value().items():
                data = part_set(data, part, value)
            return data
        if place == "trigger":
            return part_set(self.data, place, form.value())
        return step_set(self.data, place.removeprefix("step."), form.value())

    def _tree_saved(self, place: str) -> HttpResponse:
        draft = self.draft()
        try:
            tree = tree_write(draft_tree(draft, self.names.catalogue)) if draft.rules else None
        except TreeError as error:
            builder = Builder(draft, self.names.filters, problems=error.problems)
            return self.shown(Opened(place, builder=builder), status=422)
        opened = Opened(place, builder=Builder(draft, self.names.filters))
        if place.startswith("step."):
            pk = place.removeprefix("step.")
            return self._written(opened, definition=step_set(self.data, pk, {"tree": tree}))
        if place.startswith("exits."):
            at = len(self.data.get("exits", ())) if place == "exits.new" else int(place.partition(".")[2])
            value = {"kind": Leave.MATCHES.value, "tree": tree} if tree else None
            return self._written(opened, definition=part_set(self.data, f"exits.{at}", value))
        return self._written(opened, definition=part_set(self.data, place, tree))

    def _written(self, opened: Opened, *, words: Words | None = None, **values: Any) -> HttpResponse:
        """Save a part, and the words of its message with it; refused, everything that was typed stays."""
        try:
            with transaction.atomic():
                if words is not None and "words-of" in self.request.POST:
                    words_save(words=words, member=self.request.member)
                self._save(**values)
        except AutomationChanged:
            return self._conflict(opened)
        except TextRefused as refused:
            opened.told = [problem.message for problem in refused.problems]
            return self.shown(opened, status=422)
        except (Refused, TextChanged) as error:
            opened.told = [str(error)]
            return self.shown(opened, status=422)
        return self._done("", f"{opened.place.replace('.', '-')}-edit")

    def _save(self, **values: Any) -> None:
        given = self.request.POST.get("version", "")
        version = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0
        self.automation = automation_change(
            automation_id=self.automation.pk, version=version, member=self.request.member, **values
        )

    def _acted(self, change: Callable[[Data], Data], then: Callable[[], tuple[str, str]]) -> HttpResponse:
        try:
            self._save(definition=change(self.data))
        except AutomationChanged:
            return self._conflict(None)
        except Refused as refused:
            return self.shown(status=422, alert=str(refused))
        return self._done(*then())

    def _done(self, place: str, focus: str) -> HttpResponse:
        """What was done, with the next form open and the focus where one works on."""
        if not self.request.htmx:
            asked = "&".join(f"{name}={value}" for name, value in (("open", place), ("focus", focus)) if value)
            return redirect(reverse("automation_edit", kwargs=self.address) + (f"?{asked}" if asked else ""))
        self.automation = automation_get(automation_id=self.automation.pk)
        opened = opened_of(place, self.automation, self.names) if place else None
        return self.shown(opened, focus="" if place else focus)

    def _conflict(self, opened: Opened | None) -> HttpResponse:
        """How a colleague left it, with one's own words still in their form; where that has gone, beside it."""
        self.automation = automation_get(automation_id=self.automation.pk)
        told = _("A colleague has changed this automation meanwhile. This is how it stands now.")
        lost: list[tuple[str, str]] = []
        place = opened.place if opened is not None else ""
        if place.startswith("step.") and step_found(self.data, place.removeprefix("step.")) is None:
            form = opened.form if opened is not None else None
            lines = form.lines if isinstance(form, PartForm) else []
            lost = [(str(bound.label), str(bound.value())) for bound, _shown in lines if bound.value()]
            told += " " + _("The step you were changing is gone; what you wrote stands here.")
            opened = None
        elif opened is not None:
            told += " " + _("What you wrote stands below. Save again to keep yours.")
        else:
            told += " " + _("Nothing was done; try again if it is still needed.")
        return self.shown(opened, status=422, alert=told, lost=lost)
