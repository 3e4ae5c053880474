"""Addresses of the look-up, below ``/b/<slug>/``."""

from django.urls import path

from customers.search import views

urlpatterns = [path("lookup/", views.guest_lookup, name="guest_lookup")]
