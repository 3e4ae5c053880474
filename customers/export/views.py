"""Pages of exports: what a file shall hold, how far it is, the file itself; and a guest's own copy of their data."""

import json
from secrets import token_urlsafe
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.audit import audit_record
from accounts.models import Capability
from accounts.tenancy.runs import nudge
from customers.card.models import Customer
from customers.export import csv_out
from customers.export.copy import guest_copy
from customers.export.forms import (
    CHOICES,
    USUAL,
    ExportForm,
    NotRead,
    Whom,
    kind_asked,
    ready_choice,
    saved_initial,
    whom_asked,
)
from customers.export.links import link_key, link_opens
from customers.export.look import COMMA_LANGUAGES, PRESETS
from customers.export.models import ExportRun, Kind, SavedColumns
from customers.export.selectors import run_get, run_list, saved_list
from customers.export.services import (
    ExportRefused,
    columns_remove,
    columns_save,
    export_cancel,
    export_open,
    export_remove,
    export_start,
)
from customers.export.tasks import export_run_work
from customers.export.wording import chosen_words, format_words, media_type
from customers.segments.models import Segment
from customers.sensitive.selectors import sensitive_view


@requires(Capability.EXPORT)
@require_safe
def export_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """The exports so far, and the kept choices of columns."""
    runs = [{"run": run, "format": format_words(run)} for run in run_list()]
    return render(request, "exports/list.html", {"runs": runs, "saved": saved_list()})


@requires(Capability.EXPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def export_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """Choose guests, columns and kind of file; POST has it written.

    ``kind``; which guests as :func:`~customers.export.forms.whom_asked` reads them; ``columns`` names a choice that
    comes ready, or the number of one that was kept.
    """
    sent = request.POST if request.method == "POST" else request.GET
    kind = kind_asked(sent)
    try:
        whom = whom_asked(request, sent)
    except NotRead:
        messages.error(request, _("A part of the filter could not be read. Choose the guests again."))
        return redirect("guest_list", slug=slug)
    if request.method != "POST":
        return _chosen_page(request, kind, whom)
    form = ExportForm(request.POST, kind=kind)
    if not form.is_valid():
        return _form_page(request, kind, whom, form, status=422)
    given = form.cleaned_data
    try:
        if given["save_as"]:
            columns_save(
                name=given["save_as"], kind=kind, columns=given["column"], look=form.look(), member=request.member
            )
        run = export_start(
            business=request.business,
            kind=kind,
            chosen=whom.chosen,
            columns=given["column"],
            look=form.look(),
            member=request.member,
            address=_address(request),
            token=request.POST.get("token", ""),
        )
    except ExportRefused as refused:
        form.add_error("save_as" if refused.field == "save_as" else "column", str(refused))
        return _form_page(request, kind, whom, form, status=422)
    if run.is_open:
        nudge(export_run_work, run)
    return redirect("export_run", slug=slug, export_id=run.pk)


@requires(Capability.EXPORT)
@require_safe
def export_run(request: BusinessRequest, slug: str, export_id: int) -> HttpResponse:
    """One export, at whatever point it is."""
    return render(request, "exports/run.html", _context(request, _run(export_id)))


@requires(Capability.EXPORT)
@require_safe
def export_state(request: BusinessRequest, slug: str, export_id: int) -> HttpResponse:
    """The part of the page that changes by itself; without script, the page."""
    run = _run(export_id)
    if not request.htmx:
        return redirect("export_run", slug=slug, export_id=export_id)
    return render(request, "exports/_state.html", _context(request, run))


@requires(Capability.EXPORT)
@require_POST
def export_stop(request: BusinessRequest, slug: str, export_id: int) -> HttpResponse:
    """Cancel a file that is being written."""
    _run(export_id)
    try:
        export_cancel(run_id=export_id)
    except ExportRefused as refused:
        messages.info(request, str(refused))
    return redirect("export_run", slug=slug, export_id=export_id)


@requires(Capability.EXPORT)
@require_POST
def export_drop(request: BusinessRequest, slug: str, export_id: int) -> HttpResponse:
    """Throw the file away before its time."""
    run = _run(export_id)
    export_remove(run_id=export_id)
    messages.success(request, _("The file %(file)s is removed.") % {"file": run.file_name})
    return redirect("export_list", slug=slug)


@requires(Capability.EXPORT)
@require_safe
def export_file(request: BusinessRequest, slug: str, export_id: int) -> HttpResponse | FileResponse:
    """The file, for whoever the link was made for; every download is logged."""
    run = _run(export_id)
    if not link_opens(request.GET.get("key", ""), run, _holder(request)):
        messages.info(request, _("That link has expired, or was made for somebody else. Here is one for you."))
        return redirect("export_run", slug=slug, export_id=export_id)
    if request.method == "HEAD":
        # Whoever only looks whether it is there has taken nothing along.
        return HttpResponse(content_type=media_type(run))
    try:
        stream = export_open(run=run, business=request.business, member=request.member, address=_address(request))
    except ExportRefused as refused:
        messages.info(request, str(refused))
        return redirect("export_run", slug=slug, export_id=export_id)
    answer = FileResponse(stream, as_attachment=True, filename=run.file_name, content_type=media_type(run))
    answer.headers["Cache-Control"] = "no-store, private"
    return answer


@requires(Capability.EXPORT)
@require_POST
def export_columns_drop(request: BusinessRequest, slug: str, saved_id: int) -> HttpResponse:
    """Forget a kept choice of columns."""
    try:
        kept = columns_remove(saved_id=saved_id)
    except SavedColumns.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("The columns “%(name)s” are not kept any more.") % {"name": kept.name})
    return redirect("export_list", slug=slug)


@requires(Capability.PRIVACY)
@require_POST
def guest_copy_file(request: BusinessRequest, slug: str, customer_id: int) -> HttpResponse:
    """Everything the business holds about one guest, as JSON to hand to them."""
    try:
        opened = sensitive_view(business=request.business, customer_id=customer_id, member=request.member)
        held = guest_copy(customer_id=customer_id, opened=opened)
    except Customer.DoesNotExist as error:
        raise Http404 from error
    audit_record(
        action="guest.copied",
        member=request.member,
        object_type="customer",
        object_id=customer_id,
        address=request.META.get("REMOTE_ADDR"),
    )
    answer = JsonResponse(held, encoder=DjangoJSONEncoder, json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer.headers["Content-Disposition"] = f'attachment; filename="guest-{customer_id}.json"'
    return answer


def _chosen_page(request: BusinessRequest, kind: str, whom: Whom) -> HttpResponse:
    """The form as it begins: with a choice of columns, ready or kept."""
    choice = request.GET.get("columns", USUAL)
    initial: dict[str, Any] = {"preset": "xlsx"}
    number = int(choice) if choice.isascii() and choice.isdecimal() and len(choice) < 19 else 0
    saved = SavedColumns.objects.filter(pk=number, kind=kind).first() if number else None
    if saved is not None:
        initial = saved_initial(saved)
    form = ExportForm(kind=kind, initial=initial)
    ticked = saved.columns if saved is not None else ready_choice(choice, form.columns)
    return _form_page(request, kind, whom, form, ticked=ticked, choice=choice if saved or choice in CHOICES else USUAL)


def _form_page(
    request: BusinessRequest,
    kind: str,
    whom: Whom,
    form: ExportForm,
    *,
    ticked: list[str] | None = None,
    choice: str = "",
    status: int = 200,
) -> HttpResponse:
    address = reverse("export_new", kwargs={"slug": request.business.slug})
    further = f"&{whom.query}" if whom.hidden else ""
    offered = [*CHOICES.items(), *((str(one.pk), one.name) for one in saved_list(kind=kind))]
    context = {
        "form": form,
        "kind": kind,
        "kinds": [(str(each.label), f"{address}?kind={each.value}{further}", each.value == kind) for each in Kind],
        "whom": whom,
        "all_url": f"{address}?{urlencode({'kind': kind})}",
        "segments": [("", _("All guests")), *((str(each.pk), each.title) for each in _segments())],
        "segment": str(whom.chosen.segment or ""),
        "choices": [(label, f"{address}?kind={kind}&columns={key}{further}", key == choice) for key, label in offered],
        "groups": form.groups(form.data.getlist("column") if form.is_bound else ticked or []),  # type: ignore[attr-defined]
        "presets": [
            {
                "key": key,
                "label": name,
                "hint": _excel_hint() if key == "excel" else what,
                "is_chosen": key == form["preset"].value(),
            }
            for key, (name, what) in PRESETS.items()
        ],
        "selects": form.selects(),
        "token": request.POST.get("token") or token_urlsafe(16),
    }
    return render(request, "exports/new.html", context, status=status)


def _excel_hint() -> str:
    if get_language() in COMMA_LANGUAGES:
        return _("With semicolons and decimal commas, as Excel reads it in your language.")
    return _("With commas and decimal points, as Excel reads it in your language.")


def _segments() -> list[Segment]:
    return list(Segment.objects.order_by("position", "id"))


def _run(export_id: int) -> ExportRun:
    try:
        return run_get(run_id=export_id)
    except ExportRun.DoesNotExist as error:
        raise Http404 from error


def _context(request: BusinessRequest, run: ExportRun) -> dict[str, Any]:
    where = {"slug": request.business.slug, "export_id": run.pk}
    address = reverse("export_file", kwargs=where)
    return {
        "run": run,
        "title": run.file_name,
        "whom": chosen_words(run, business=request.business),
        "format": format_words(run),
        "is_working": run.is_open,
        "left": max(run.total - run.done, 0),
        "file_url": f"{address}?{urlencode({'key': link_key(run, _holder(request))})}" if run.has_file else "",
        "refresh_url": reverse("export_state", kwargs=where),
        "again_url": _again(run, request.business.slug),
        "is_csv": media_type(run) == csv_out.MEDIA_TYPE,
    }


def _again(run: ExportRun, slug: str) -> str:
    """The form with the same guests; who was chosen one by one is named again."""
    kept = run.selection
    pairs = {"kind": run.kind, "q": kept.get("text", ""), "segment": kept.get("segment", "")}
    pairs["guests"] = ",".join(map(str, kept.get("ids", ())))
    pairs["filter"] = json.dumps(kept["tree"], ensure_ascii=False) if "tree" in kept else ""
    query = urlencode({name: value for name, value in pairs.items() if value})
    return f"{reverse('export_new', kwargs={'slug': slug})}?{query}"


def _holder(request: BusinessRequest) -> str:
    return f"member:{request.member.pk}"


def _address(request: BusinessRequest) -> str | None:
    return get_adapter().get_client_ip(request) or None
