"""Addresses that services and guests' programs call, below ``/m/``: callbacks, opens and links."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("messaging.callbacks.urls")),
]
