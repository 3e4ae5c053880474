"""Addresses of the app's API, below ``/api/v1/b/<slug>/``."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("", include("accounts.business_api"))]
