"""Addresses of the app's API, below ``/api/v1/b/<slug>/``; each room owns its own."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("automations.api.looking")),
    path("", include("automations.api.automations")),
    path("", include("automations.api.running")),
    path("", include("automations.api.journeys")),
    path("", include("automations.api.steering")),
    path("", include("automations.api.trials")),
    path("", include("automations.events.api")),
]
