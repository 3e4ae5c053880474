"""Addresses of duplicates, below ``/b/<slug>/``."""

from django.urls import path

from dedup.review import bulk_views, merge_views, queue_views, run_views, settings_views

urlpatterns = [
    path("duplicates/", queue_views.match_list, name="match_list"),
    path("duplicates/<int:match_id>/decide/", queue_views.match_decide, name="match_decide"),
    path("duplicates/<int:match_id>/merge/", merge_views.match_merge, name="match_merge"),
    path("duplicates/<int:match_id>/unmerge/<int:change_set_id>/", merge_views.match_unmerge, name="match_unmerge"),
    path("duplicates/merge/", merge_views.merge_cards, name="merge_cards"),
    path("duplicates/merge/other/", merge_views.merge_other, name="merge_other"),
    path("duplicates/merge/apart/", merge_views.merge_apart, name="merge_apart"),
    path("duplicates/many/", bulk_views.match_bulk, name="match_bulk"),
    path("duplicates/many/<int:search_id>/", bulk_views.match_bulk_run, name="match_bulk_run"),
    path("duplicates/runs/", run_views.match_run_start, name="match_run_start"),
    path("duplicates/runs/<int:search_id>/", run_views.match_run_state, name="match_run_state"),
    path("duplicates/runs/<int:search_id>/cancel/", run_views.match_run_cancel, name="match_run_cancel"),
    path("settings/duplicates/", settings_views.match_settings, name="match_settings"),
]
