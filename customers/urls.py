"""Addresses of the app, below ``/b/<slug>/``; each room owns its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("customers.search.urls")),
    path("", include("customers.listing.urls")),
    path("", include("customers.export.urls")),
    path("", include("customers.segments.urls")),
    path("", include("customers.bulk.urls")),
    path("", include("customers.card.urls")),
    path("", include("customers.history.urls")),
    path("", include("customers.today.urls")),
    path("", include("customers.changes.urls")),
    path("", include("customers.consent.urls")),
    path("", include("customers.permission.urls")),
    path("", include("customers.sensitive.urls")),
    path("", include("customers.fields.urls")),
    path("", include("customers.relations.urls")),
]
