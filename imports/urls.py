"""Addresses of imports, below ``/b/<slug>/``."""

from django.urls import path

from imports import views

urlpatterns = [
    path("import/", views.import_list, name="import_list"),
    path("import/upload/", views.import_upload, name="import_upload"),
    path("import/template.csv", views.import_template, name="import_template"),
    path("import/<int:run_id>/", views.import_run, name="import_run"),
    path("import/<int:run_id>/state/", views.import_state, name="import_state"),
    path("import/<int:run_id>/start/", views.import_start, name="import_start"),
    path("import/<int:run_id>/discard/", views.import_discard, name="import_discard"),
    path("import/<int:run_id>/problems.csv", views.import_problems, name="import_problems"),
]
