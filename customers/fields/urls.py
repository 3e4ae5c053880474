"""Addresses of the business's own fields, below ``/b/<slug>/``."""

from django.urls import path

from customers.fields import views

urlpatterns = [
    path("settings/fields/", views.field_list, name="field_list"),
    path("settings/fields/new/", views.field_new, name="field_new"),
    path("settings/fields/<int:field_id>/", views.field_edit, name="field_edit"),
    path("settings/fields/<int:field_id>/move/", views.field_move, name="field_move"),
    path("settings/fields/<int:field_id>/archive/", views.field_archive, name="field_archive"),
]
