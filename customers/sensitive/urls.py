"""Addresses of sensitive details, below ``/b/<slug>/``."""

from django.urls import path

from customers.sensitive import views

urlpatterns = [
    path("guests/<int:customer_id>/sensitive/", views.guest_sensitive, name="guest_sensitive"),
    path("guests/<int:customer_id>/sensitive/panel/", views.guest_sensitive_panel, name="guest_sensitive_panel"),
]
