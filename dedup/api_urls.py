"""Addresses of the app's API, below ``/api/v1/b/<slug>/``."""

from django.urls import include, path

urlpatterns = [
    path("", include("dedup.review.api.matches")),
    path("", include("dedup.review.api.merges")),
    path("", include("dedup.review.api.matching")),
]
