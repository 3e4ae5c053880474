"""Addresses of the app, below ``/b/<slug>/``; each room owns its own."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("automations.building.urls")),
    path("", include("automations.rehearsal.urls")),
    path("", include("automations.watching.urls")),
]
