"""Addresses of the export, below ``/b/<slug>/``."""

from django.urls import path

from customers.export import views

urlpatterns = [path("guests/export/", views.guest_export, name="guest_export")]
