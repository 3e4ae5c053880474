"""Addresses of the contact rules, below ``/b/<slug>/``."""

from django.urls import path

from customers.permission import list_views, views

urlpatterns = [
    path("guests/<int:customer_id>/contact-rules/", views.contact_rules, name="contact_rules"),
    path("guests/<int:customer_id>/restriction/", views.guest_restriction, name="guest_restriction"),
    path("guests/<int:customer_id>/suppressed/", views.guest_suppress, name="suppression_add"),
    path("guests/<int:customer_id>/suppressed/let-go/", views.suppression_let_go, name="suppression_let_go"),
    path("messages/suppressed/", list_views.suppressed_list, name="suppressed_list"),
    path("messages/suppressed/ask/", list_views.suppressed_ask, name="suppressed_ask"),
    path("messages/suppressed/add/", list_views.suppressed_add, name="suppressed_add"),
    path("messages/suppressed/let-go/", list_views.suppressed_let_go, name="suppressed_let_go"),
]
