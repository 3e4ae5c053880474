"""Addresses of bulk actions, below ``/b/<slug>/``."""

from django.urls import path

from customers.bulk import views

urlpatterns = [
    path("bulk/", views.bulk_do, name="bulk_do"),
    path("bulk/new/", views.bulk_new, name="bulk_new"),
    path("bulk/<int:bulk_id>/", views.bulk_run, name="bulk_run"),
    path("bulk/<int:bulk_id>/state/", views.bulk_state, name="bulk_state"),
    path("bulk/<int:bulk_id>/cancel/", views.bulk_stop, name="bulk_cancel"),
]
