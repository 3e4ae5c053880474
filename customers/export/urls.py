"""Addresses of the export, below ``/b/<slug>/``."""

from django.urls import path

from customers.export import views

urlpatterns = [
    path("guests/export/", views.guest_export, name="guest_export"),
    path("guests/<int:customer_id>/copy/", views.guest_copy_file, name="guest_copy"),
]
