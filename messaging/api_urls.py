"""Addresses of the app's API, below ``/api/v1/b/<slug>/``; each room owns its own."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("messaging.texts.api")),
    path("", include("messaging.transports.api")),
    path("", include("messaging.campaigns.api")),
    path("", include("messaging.outbox.api")),
    path("", include("messaging.written.api")),
    path("", include("messaging.webhooks.api")),
]
