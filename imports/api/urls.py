"""Addresses of the API of imports."""

from django.urls import path

from imports.api import files, mappings, rows

urlpatterns = [
    path("imports/", files.Imports.as_view(), name="api_imports"),
    path("imports/mappings/", mappings.Mappings.as_view(), name="api_import_mappings"),
    path("imports/mappings/<int:mapping_id>/", mappings.Mapping.as_view(), name="api_import_mapping"),
    path("imports/<int:run_id>/", files.Import.as_view(), name="api_import"),
    path("imports/<int:run_id>/columns/", files.ImportColumns.as_view(), name="api_import_columns"),
    path("imports/<int:run_id>/table/", files.ImportTable.as_view(), name="api_import_table"),
    path("imports/<int:run_id>/policy/", files.ImportPolicy.as_view(), name="api_import_policy"),
    path("imports/<int:run_id>/rows/", rows.ImportRows.as_view(), name="api_import_rows"),
    path("imports/<int:run_id>/decisions/", rows.ImportDecisions.as_view(), name="api_import_decisions"),
    path("imports/<int:run_id>/problems/", rows.ImportProblems.as_view(), name="api_import_problems"),
    path("imports/<int:run_id>/rejected.csv", rows.ImportRejected.as_view(), name="api_import_rejected"),
    path("imports/<int:run_id>/start/", rows.ImportStart.as_view(), name="api_import_start"),
    path("imports/<int:run_id>/stop/", rows.ImportStop.as_view(), name="api_import_stop"),
    path("imports/<int:run_id>/undo/", rows.ImportRollback.as_view(), name="api_import_undo"),
]
