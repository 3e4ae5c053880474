"""Addresses of dry runs and trials, below ``/b/<slug>/``."""

from django.urls import path

from automations.rehearsal import trial_views, views

urlpatterns = [
    path("automations/<int:automation_id>/dry-run/", views.dry_run, name="automation_dry_run"),
    path("automations/<int:automation_id>/dry-run/<int:dry_id>/", views.dry_run_result, name="automation_dry_result"),
    path(
        "automations/<int:automation_id>/dry-run/<int:dry_id>/state/", views.dry_run_state, name="automation_dry_state"
    ),
    path(
        "automations/<int:automation_id>/dry-run/<int:dry_id>/message/<int:dry_step_id>/",
        views.dry_run_message,
        name="automation_dry_message",
    ),
    path(
        "automations/<int:automation_id>/dry-run/<int:dry_id>/remove/",
        views.dry_run_discard,
        name="automation_dry_remove",
    ),
    path("automations/<int:automation_id>/try/", trial_views.trial, name="automation_try"),
    path("automations/<int:automation_id>/try/send/", trial_views.trial_test, name="automation_try_send"),
]
