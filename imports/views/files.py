"""Choosing a file, the imports so far, and empty files to fill in."""

import csv
import io

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.tenancy.runs import nudge
from imports.forms import UploadForm
from imports.mapping import template_header
from imports.models import ImportRun
from imports.selectors import run_list
from imports.services.arriving import run_receive
from imports.tasks import import_run_check
from imports.views.pages import line_of, run_address


@requires(Capability.IMPORT)
@require_safe
def import_list(request: BusinessRequest, slug: str) -> HttpResponse:
    """Choose a file; the imports so far."""
    return _list_page(request, UploadForm())


@requires(Capability.IMPORT)
@require_POST
def import_upload(request: BusinessRequest, slug: str) -> HttpResponse:
    """Take a file in. What its columns mean is asked when it is not known; what it would do is found out behind it."""
    form = UploadForm(request.POST, request.FILES, request=request)
    if not form.is_valid():
        return _list_page(request, form, status=422)
    run = run_receive(
        business=request.business,
        file=form.source,
        file_name=form.cleaned_data["file"].name,
        upload=form.upload,
        kind=form.cleaned_data["kind"],
        currency=form.cleaned_data["currency"],
        member=request.member,
    )
    if run.state == ImportRun.State.CHECKING:
        nudge(import_run_check, run)
    return redirect(run_address(request, run))


@requires(Capability.IMPORT)
@require_safe
def import_template(request: BusinessRequest, slug: str) -> HttpResponse:
    """An empty file to fill in, of a kind and in a language; parted as Excel of that language expects."""
    kind, language = request.GET.get("kind", ""), request.GET.get("language", "")
    kind = kind if kind in ImportRun.Kind.values else ImportRun.Kind.GUESTS
    language = language if language in dict(settings.LANGUAGES) else request.business.language
    text = io.StringIO()
    csv.writer(text, delimiter="," if language == "en" else ";").writerow(template_header(kind, language))  # type: ignore[arg-type]
    return HttpResponse(
        "\ufeff" + text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{kind}-{language}.csv"'},
    )


def _list_page(request: HttpRequest, form: UploadForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "runs": [line_of(run) for run in run_list()],
        "kinds": sorted(ImportRun.Kind.choices, key=lambda kind: kind[0] != ImportRun.Kind.GUESTS),
        "languages": settings.LANGUAGES,
        "language": request.business.language,  # type: ignore[attr-defined]
    }
    return render(request, "imports/list.html", context, status=status)
