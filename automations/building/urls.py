"""Addresses of automations, below ``/b/<slug>/``; the page of one is of the room ``watching``."""

from django.urls import path

from automations.building import edit_views, views

urlpatterns = [
    path("automations/", views.automation_index, name="automation_list"),
    path("automations/new/", views.automation_new, name="automation_new"),
    path("automations/<int:automation_id>/edit/", edit_views.automation_edit, name="automation_edit"),
    path("automations/<int:automation_id>/edit/build/", edit_views.automation_build, name="automation_build"),
    path("automations/<int:automation_id>/turn-on/", views.automation_on, name="automation_turn_on"),
    path("automations/<int:automation_id>/turn-off/", views.automation_end, name="automation_turn_off"),
    path("automations/<int:automation_id>/pause/", views.automation_halt, name="automation_pause"),
    path("automations/<int:automation_id>/resume/", views.automation_go_on, name="automation_resume"),
    path("automations/<int:automation_id>/copy/", views.automation_again, name="automation_copy"),
    path("automations/<int:automation_id>/remove/", views.automation_delete, name="automation_remove"),
    path("automations/<int:automation_id>/versions/", views.automation_versions, name="automation_versions"),
]
