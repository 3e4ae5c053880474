"""Addresses of the app's API, below ``/api/v1/b/<slug>/``; each room owns its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("imports.api.urls")),
    path("", include("imports.feeds.api")),
]
