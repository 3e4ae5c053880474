"""Addresses of campaigns, below ``/b/<slug>/``."""

from django.urls import path

from messaging.campaigns import drafting, views

urlpatterns = [
    path("messages/", views.messages_home, name="messages"),
    path("messages/campaigns/", views.campaign_index, name="campaign_list"),
    path("messages/campaigns/new/", drafting.campaign_new, name="campaign_new"),
    path("messages/campaigns/<int:campaign_id>/", views.campaign_page, name="campaign_page"),
    path("messages/campaigns/<int:campaign_id>/whom/", drafting.campaign_whom, name="campaign_whom"),
    path("messages/campaigns/<int:campaign_id>/what/", drafting.campaign_what, name="campaign_what"),
    path("messages/campaigns/<int:campaign_id>/when/", drafting.campaign_when, name="campaign_when"),
    path("messages/campaigns/<int:campaign_id>/review/", drafting.campaign_review, name="campaign_review"),
    path("messages/campaigns/<int:campaign_id>/test/", drafting.campaign_test, name="campaign_test"),
    path("messages/campaigns/<int:campaign_id>/send/", drafting.campaign_send, name="campaign_send"),
    path("messages/campaigns/<int:campaign_id>/remove/", drafting.campaign_discard, name="campaign_discard"),
    path("messages/campaigns/<int:campaign_id>/state/", views.campaign_state, name="campaign_state"),
    path("messages/campaigns/<int:campaign_id>/guests/", views.campaign_people, name="campaign_people"),
    path("messages/campaigns/<int:campaign_id>/pause/", views.campaign_halt, name="campaign_halt"),
    path("messages/campaigns/<int:campaign_id>/resume/", views.campaign_go_on, name="campaign_go_on"),
    path("messages/campaigns/<int:campaign_id>/cancel/", views.campaign_stop, name="campaign_stop"),
    path("messages/campaigns/<int:campaign_id>/copy/", views.campaign_again, name="campaign_again"),
]
