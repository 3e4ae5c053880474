"""Addresses of the card, below ``/b/<slug>/``."""

from django.urls import path

from customers.card import new_views, part_views, views

urlpatterns = [
    path("guests/new/", new_views.guest_new, name="guest_new"),
    path("guests/new/check/", new_views.guest_check, name="guest_check"),
    path("guests/<int:customer_id>/", views.guest_card, name="guest_card"),
    path("guests/<int:customer_id>/edit/", views.guest_edit, name="guest_edit"),
    path("guests/<int:customer_id>/tags/", views.guest_tags, name="guest_tags"),
    path("guests/<int:customer_id>/notes/", views.guest_note, name="guest_note"),
    path("guests/<int:customer_id>/timeline/", views.guest_timeline, name="guest_timeline"),
    path("guests/<int:customer_id>/details/", part_views.guest_details, name="guest_details"),
    path("guests/<int:customer_id>/edit/<slug:part>/", part_views.guest_part, name="guest_part"),
    path("guests/<int:customer_id>/viewers/", views.guest_viewers, name="guest_viewers"),
]
