"""Members and invitations of a business."""

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, forbidden, requires
from accounts.confirmation import ask_to_confirm, confirmed_lately
from accounts.forms import InviteForm, RoleForm
from accounts.mail import mail_build, mail_send, recipient_language
from accounts.models import Capability, Invitation, Member, Role, roles_granted_by
from accounts.selectors import invitation_list, member_list
from accounts.services import (
    NotGranted,
    Offer,
    Refused,
    invitation_create,
    invitation_note_delivery,
    invitation_renew,
    invitation_withdraw,
    member_remove,
    member_role_change,
)
from accounts.views.errors import too_many

GET_POST = ["GET", "HEAD", "POST"]


@requires(Capability.MEMBERS)
@require_safe
def member_list_page(request: BusinessRequest, slug: str) -> HttpResponse:
    """Everybody who works here, and whom is waited for."""
    granted = roles_granted_by(request.member.role)
    context = {
        "members": [
            {"member": member, "may_change": member.role in granted and member.pk != request.member.pk}
            for member in member_list()
        ],
        "invitations": [
            {"invitation": invitation, "may_change": invitation.role in granted} for invitation in invitation_list()
        ],
        "has_mail": settings.INNKEEPER_HAS_MAIL,
    }
    return render(request, "accounts/members.html", context)


@requires(Capability.MEMBERS)
@never_cache
@require_http_methods(GET_POST)
def member_invite(request: BusinessRequest, slug: str) -> HttpResponse:
    """Invite somebody by e-mail; without a mail server the link is shown once, to be handed over."""
    form = InviteForm(request.POST or None, by=request.member)
    if form.is_valid():
        if not ratelimit.consume(request, action="invite", user=request.user):
            return too_many(request)
        role = Role(form.cleaned_data["role"])
        if role == Role.OWNER and not confirmed_lately(request):
            messages.info(request, _("Confirm that it is you, then send the invitation of an owner again."))
            return ask_to_confirm(request, then=request.path)
        try:
            offer = invitation_create(email=form.cleaned_data["email"], role=role, by=request.member)
        except Refused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            return _deliver(request, slug=slug, offer=offer)
    context = {"form": form, "has_mail": settings.INNKEEPER_HAS_MAIL}
    return render(request, "accounts/invite.html", context, status=422 if form.is_bound else 200)


@requires(Capability.MEMBERS)
@never_cache
@require_POST
def invitation_resend(request: BusinessRequest, slug: str, invitation_id: int) -> HttpResponse:
    """A new link for an open invitation, sent again; the old link ends."""
    if not ratelimit.consume(request, action="invite", user=request.user):
        return too_many(request)
    try:
        offer = invitation_renew(invitation_id=invitation_id, by=request.member)
    except Invitation.DoesNotExist as error:
        raise Http404 from error
    except NotGranted:
        return forbidden(request, Capability.ADMINS)
    return _deliver(request, slug=slug, offer=offer)


@requires(Capability.MEMBERS)
@require_POST
def invitation_remove(request: BusinessRequest, slug: str, invitation_id: int) -> HttpResponse:
    """Withdraw an open invitation."""
    try:
        invitation = invitation_withdraw(invitation_id=invitation_id, by=request.member)
    except Invitation.DoesNotExist as error:
        raise Http404 from error
    except NotGranted:
        return forbidden(request, Capability.ADMINS)
    messages.success(request, _("The invitation to %(email)s is withdrawn.") % {"email": invitation.email})
    return redirect("member_list", slug=slug)


@requires(Capability.MEMBERS)
@require_http_methods(GET_POST)
def member_edit(request: BusinessRequest, slug: str, member_id: int) -> HttpResponse:
    """One member: their role, and the way out. Owners come and go only after one has confirmed who one is."""
    member = _member(member_id)
    if member.role not in roles_granted_by(request.member.role):
        return forbidden(request, Capability.ADMINS)
    form = RoleForm(request.POST or None, by=request.member, initial={"role": member.role})
    if form.is_valid():
        role = Role(form.cleaned_data["role"])
        if Role.OWNER in (role, member.role) and role != member.role and not confirmed_lately(request):
            return _confirm_first(request)
        try:
            changed = member_role_change(member_id=member_id, role=role, by=request.member)
        except Member.DoesNotExist as error:
            raise Http404 from error
        except NotGranted:
            return forbidden(request, Capability.ADMINS)
        except Refused as refusal:
            form.add_error("role", str(refusal))
        else:
            told = {"name": str(changed), "role": changed.get_role_display()}
            messages.success(request, _("%(name)s: the role is now %(role)s.") % told)
            return redirect("home") if changed.pk == request.member.pk else redirect("member_list", slug=slug)
    context = {"form": form, "subject": member, "is_self": member.pk == request.member.pk}
    return render(request, "accounts/member.html", context, status=422 if form.is_bound else 200)


@requires(Capability.MEMBERS)
@require_http_methods(GET_POST)
def member_remove_page(request: BusinessRequest, slug: str, member_id: int) -> HttpResponse:
    """Ask, then end a membership."""
    member = _member(member_id)
    if member.role not in roles_granted_by(request.member.role):
        return forbidden(request, Capability.ADMINS)
    refused = ""
    if request.method == "POST":
        if member.role == Role.OWNER and not confirmed_lately(request):
            return _confirm_first(request)
        try:
            member_remove(member_id=member_id, by=request.member)
        except Member.DoesNotExist as error:
            raise Http404 from error
        except NotGranted:
            return forbidden(request, Capability.ADMINS)
        except Refused as refusal:
            refused = str(refusal)
        else:
            messages.success(request, _("%(name)s is no longer a member.") % {"name": str(member)})
            return redirect("home") if member.pk == request.member.pk else redirect("member_list", slug=slug)
    context = {"subject": member, "refused": refused}
    return render(request, "accounts/member_remove.html", context, status=422 if refused else 200)


@requires(Capability.LOOK_UP)
@require_http_methods(GET_POST)
def member_leave(request: BusinessRequest, slug: str) -> HttpResponse:
    """Leave the business oneself; the last owner stays."""
    refused = ""
    if request.method == "POST":
        try:
            member_remove(member_id=request.member.pk, by=request.member)
        except Refused as refusal:
            refused = str(refusal)
        else:
            messages.success(request, _("You have left %(business)s.") % {"business": request.business.name})
            return redirect("home")
    return render(request, "accounts/member_leave.html", {"refused": refused}, status=422 if refused else 200)


def _member(member_id: int) -> Member:
    member = Member.objects.select_related("user").filter(pk=member_id, is_active=True).first()
    if member is None:
        raise Http404
    return member


def _confirm_first(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("Nothing has changed yet. Confirm that it is you, then do it again."))
    return ask_to_confirm(request, then=request.path)


def _deliver(request: BusinessRequest, *, slug: str, offer: Offer) -> HttpResponse:
    """Send the link once the invitation is committed, or show it where no mail server is set up.

    The token is in the message or on this one page, and nowhere else: not in a session, not in a message of ours.
    """
    url = request.build_absolute_uri(reverse("invitation_accept", kwargs={"token": offer.token}))
    invitation = offer.invitation
    if not settings.INNKEEPER_HAS_MAIL:
        return render(request, "accounts/invitation_link.html", {"invitation": invitation, "url": url})
    template = "accounts/mail/invitation"
    with override(recipient_language(email=invitation.email, default=request.business.language)):
        context = {
            "inviter": str(request.member),
            "business": request.business.name,
            "role": Role(invitation.role).label,
            "url": url,
            "host": request.get_host(),
        }
        message = mail_build(template=template, to=invitation.email, context=context)

    def send() -> None:
        sent = mail_send(message, template=template)
        invitation_note_delivery(
            business_id=request.business.pk, invitation_id=invitation.pk, token=offer.token, sent=sent
        )

    # No transaction waits for the mail server.
    transaction.on_commit(send)
    messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": invitation.email})
    return redirect("member_list", slug=slug)
