"""Addresses of automations that run, below ``/b/<slug>/``."""

from django.urls import path

from automations.watching import views

urlpatterns = [
    path("automations/<int:automation_id>/", views.automation_overview, name="automation_page"),
    path("automations/<int:automation_id>/journeys/", views.automation_people, name="automation_journeys"),
    path("automations/<int:automation_id>/move/", views.automation_move, name="automation_move"),
    path("automations/journeys/<int:journey_id>/", views.journey_page, name="journey_page"),
    path("automations/journeys/<int:journey_id>/stop/", views.journey_end, name="journey_end"),
    path("automations/journeys/<int:journey_id>/skip/", views.journey_skip, name="journey_skip"),
    path("automations/journeys/<int:journey_id>/move/", views.journey_move, name="journey_move"),
]
