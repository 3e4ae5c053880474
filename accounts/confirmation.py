"""Ask a signed-in user to confirm who they are before something that matters."""

from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url


def confirmed_lately(request: HttpRequest) -> bool:
    """Whether the user has proved who they are within the last ten minutes, beyond having signed in."""
    return not is_reauthentication_required(request, app="allauth.account")


def ask_to_confirm(request: HttpRequest, *, then: str) -> HttpResponse:
    """To the page that asks for password, code or passkey, which goes on to ``then``, a page of ours to be read.

    django-allauth could replay a suspended POST, but past the middleware that opens a business's scope; so the page
    one comes back to has the form once more.
    """
    methods = get_adapter(request).get_reauthentication_methods(request.user)
    target = methods[0]["url"] if methods else resolve_url("account_login")
    return redirect(f"{target}?{urlencode({'next': then})}")
