"""Addresses of consents and their wordings, below ``/b/<slug>/``."""

from django.urls import path

from customers.consent import views

urlpatterns = [
    path("guests/<int:customer_id>/consents/", views.guest_consents, name="guest_consents"),
    path("guests/<int:customer_id>/consents/record/", views.consent_add, name="consent_add"),
    path("guests/<int:customer_id>/consents/export/", views.guest_consents_export, name="guest_consents_export"),
    path("settings/wordings/", views.wording_list, name="wording_list"),
    path("settings/wordings/edit/", views.wording_edit, name="wording_edit"),
]
