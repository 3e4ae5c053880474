"""Telling the member what happened, with a way back."""

from django.contrib import messages
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from accounts.access import BusinessRequest
from customers.changes.models import ChangeSet


def named(sentence: str, name: object) -> SafeString:
    """A sentence with ``%(name)s`` in it, the name set apart: an Arabic one leaves the words beside it in place."""
    return SafeString(escape(sentence) % {"name": format_html("<bdi>{}</bdi>", str(name))})


def undoable(request: BusinessRequest, text: str, act: ChangeSet | None) -> None:
    """A toast with Undo; nothing where nothing was different."""
    if act is None:
        return
    url = reverse("change_undo", kwargs={"slug": request.business.slug, "change_set_id": act.pk})
    messages.success(request, text, extra_tags=f"undo={url}")
