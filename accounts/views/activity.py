"""The activity log of a business."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import BusinessRequest, requires
from accounts.audit import ACTIONS
from accounts.models import Capability
from accounts.selectors import audit_member_names, audit_members, audit_page
from accounts.sentences import heading, sentence


@requires(Capability.AUDIT)
@require_safe
def activity_log(request: BusinessRequest, slug: str) -> HttpResponse:
    """Who did what, newest first; ``member`` and ``action`` filter, ``after`` and ``before`` page."""
    member = request.GET.get("member", "")
    action = request.GET.get("action", "")
    page = audit_page(
        after=request.GET.get("after"),
        before=request.GET.get("before"),
        member_id=int(member) if member.isascii() and member.isdigit() and len(member) < 19 else None,
        action=action if action in ACTIONS else None,
    )
    names = audit_member_names(entries=page.entries)
    rows = [
        {"entry": entry, "actor": actor, "sentence": sentence(entry, actor=actor), "heading": heading(entry.action)}
        for entry in page.entries
        for actor in [entry.actor or names.get(entry.member_id or 0, "")]
    ]
    context = {
        "rows": rows,
        "page": page,
        "members": [("", _("Everybody")), *audit_members()],
        "actions": [
            ("", _("Everything")),
            *sorted(((key, heading(key)) for key in ACTIONS), key=lambda pair: pair[1].casefold()),
        ],
        "member": member,
        "action": action,
    }
    return render(request, "accounts/activity.html", context)
