"""Addresses of the app, below ``/b/<slug>/``."""

from django.urls import include, path

urlpatterns = [path("", include("dedup.review.urls"))]
