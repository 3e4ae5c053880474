"""Addresses of change sets, below ``/b/<slug>/``."""

from django.urls import path

from customers.changes import views

urlpatterns = [
    path("changes/", views.change_list, name="change_list"),
    path("changes/<int:change_set_id>/", views.change_detail, name="change_detail"),
    path("changes/<int:change_set_id>/undo/", views.change_undo, name="change_undo"),
    path("changes/<int:change_set_id>/undo/state/", views.change_undo_state, name="change_undo_state"),
]
