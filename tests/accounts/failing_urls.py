"""Views that write and then fail in every way there is, beside the real addresses."""

from pathlib import Path

from django.contrib import messages
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import connection
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import SimpleTemplateResponse
from django.urls import path

from accounts.access import requires
from accounts.models import Capability
from crm import urls
from customers.card.models import Customer
from tests.factories import CustomerFactory


def _write(request: HttpRequest) -> None:
    CustomerFactory(family_name="Halfway")
    messages.info(request, "Said before it failed")
    request.session["remembered"] = "before it failed"


@requires(Capability.LOOK_UP)
def fail(request: HttpRequest, slug: str, how: str) -> HttpResponse:
    """Write a guest, a message and a session value, then do as told."""
    _write(request)
    template = engines["django"].from_string("{% for guest in guests %}{{ guest }} {% endfor %}{{ ending }}")
    match how:
        case "raise":
            raise RuntimeError("in the view")
        case "raise-database":
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        case "raise-404":
            raise Http404
        case "raise-403":
            raise PermissionDenied
        case "raise-400":
            raise SuspiciousOperation
        case "return-500":
            return HttpResponse("failed", status=500)
        case "return-503":
            return HttpResponse("later", status=503)
        case "template":
            return SimpleTemplateResponse(template, {"guests": Customer.objects.all(), "ending": _raise})
        case "stream":
            return StreamingHttpResponse(str(guest) for guest in Customer.objects.all())
        case "file":
            return FileResponse(Path(__file__).open("rb"))
        case "lazy":
            return SimpleTemplateResponse(template, {"guests": Customer.objects.all(), "ending": "complete"})
    return HttpResponse("written", status=int(how))


def _raise() -> str:
    raise RuntimeError("in the template")


urlpatterns = [path("b/<slug:slug>/fail/<str:how>/", fail, name="fail"), *urls.urlpatterns]
handler403, handler404, handler500 = urls.handler403, urls.handler404, urls.handler500
