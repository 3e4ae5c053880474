"""Addresses of exports, below ``/b/<slug>/``."""

from django.urls import path

from customers.export import views

urlpatterns = [
    path("exports/", views.export_list, name="export_list"),
    path("exports/new/", views.export_new, name="export_new"),
    path("exports/<int:export_id>/", views.export_run, name="export_run"),
    path("exports/<int:export_id>/state/", views.export_state, name="export_state"),
    path("exports/<int:export_id>/cancel/", views.export_stop, name="export_cancel"),
    path("exports/<int:export_id>/remove/", views.export_drop, name="export_remove"),
    path("exports/<int:export_id>/file/", views.export_file, name="export_file"),
    path("exports/columns/<int:saved_id>/remove/", views.export_columns_drop, name="export_columns_remove"),
    path("guests/<int:customer_id>/copy/", views.guest_copy_file, name="guest_copy"),
]
