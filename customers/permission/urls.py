"""Addresses of the contact rules, below ``/b/<slug>/``."""

from django.urls import path

from customers.permission import views

urlpatterns = [
    path("guests/<int:customer_id>/contact-rules/", views.contact_rules, name="contact_rules"),
    path("guests/<int:customer_id>/restriction/", views.guest_restriction, name="guest_restriction"),
]
