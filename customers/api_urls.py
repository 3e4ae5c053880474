"""Addresses of the app's API, below ``/api/v1/b/<slug>/``; each room owns its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("customers.bulk.api")),
    path("", include("customers.card.api")),
    path("", include("customers.conditions.api")),
    path("", include("customers.consent.api")),
    path("", include("customers.export.api")),
    path("", include("customers.permission.api")),
    path("", include("customers.sensitive.api")),
    path("", include("customers.relations.api")),
    path("", include("customers.history.api.stays")),
    path("", include("customers.history.api.activities")),
    path("", include("customers.history.api.billing")),
    path("", include("customers.history.api.todos")),
    path("", include("customers.segments.api")),
]
