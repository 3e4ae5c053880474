"""Addresses of imports, below ``/b/<slug>/``."""

from django.urls import include, path

from imports.views import columns, files, rows, runs, saved

urlpatterns = [
    path("", include("imports.feeds.urls")),
    path("import/", files.import_list, name="import_list"),
    path("import/upload/", files.import_upload, name="import_upload"),
    path("import/template.csv", files.import_template, name="import_template"),
    path("import/mappings/", saved.import_mappings, name="import_mappings"),
    path("import/mappings/<int:mapping_id>/", saved.import_mapping, name="import_mapping"),
    path("import/mappings/<int:mapping_id>/remove/", saved.import_mapping_remove, name="import_mapping_remove"),
    path("import/<int:run_id>/", runs.import_run, name="import_run"),
    path("import/<int:run_id>/state/", runs.import_state, name="import_state"),
    path("import/<int:run_id>/table/", columns.import_table, name="import_table"),
    path("import/<int:run_id>/columns/", columns.import_columns, name="import_columns"),
    path("import/<int:run_id>/rows/", rows.import_rows, name="import_rows"),
    path("import/<int:run_id>/decide/", rows.import_decide, name="import_decide"),
    path("import/<int:run_id>/policy/", rows.import_policy, name="import_policy"),
    path("import/<int:run_id>/start/", runs.import_start, name="import_start"),
    path("import/<int:run_id>/stop/", runs.import_stop, name="import_stop"),
    path("import/<int:run_id>/discard/", runs.import_discard, name="import_discard"),
    path("import/<int:run_id>/rejected.csv", runs.import_rejected, name="import_rejected"),
    path("import/<int:run_id>/problems.csv", runs.import_problems, name="import_problems"),
]
