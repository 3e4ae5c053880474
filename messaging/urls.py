"""Addresses of the app, below ``/b/<slug>/``; each room owns its own."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("messaging.texts.urls")),
    path("", include("messaging.transports.urls")),
    path("", include("messaging.campaigns.urls")),
    path("", include("messaging.written.urls")),
    path("", include("messaging.outbox.urls")),
    path("", include("messaging.webhooks.urls")),
]
