"""Addresses outside a business: preferences, devices, invitations, sign-in."""

from django.urls import include, path

from accounts.views.businesses import business_new
from accounts.views.joining import invitation_accept_page
from accounts.views.preferences import device_sign_out, preferences

urlpatterns = [
    path("preferences/", preferences, name="preferences"),
    path("devices/sign-out/", device_sign_out, name="device_sign_out"),
    path("businesses/new/", business_new, name="business_new"),
    path("join/<str:token>/", invitation_accept_page, name="invitation_accept"),
    path("accounts/", include("accounts.allauth_urls")),
]
