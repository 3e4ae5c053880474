"""Addresses of the guest list, below ``/b/<slug>/``."""

from django.urls import path

from customers.listing import filter_views, saved_views, views

urlpatterns = [
    path("guests/", views.guest_list, name="guest_list"),
    path("guests/count/", views.guest_total, name="guest_total"),
    path("guests/columns/", views.guest_columns, name="guest_columns"),
    path("guests/filter/", filter_views.guest_filter, name="guest_filter"),
    path("guests/filter/suggest/", filter_views.guest_filter_suggest, name="guest_filter_suggest"),
    path("guests/filter/typed/", filter_views.guest_typed, name="guest_typed"),
    path("guests/views/", saved_views.view_new, name="view_new"),
    path("guests/views/<int:view_id>/", saved_views.view_edit, name="view_edit"),
    path("guests/views/<int:view_id>/remove/", saved_views.view_delete, name="view_delete"),
    path("guests/segment/", saved_views.segment_of_list, name="segment_of_list"),
    path("guests/<int:customer_id>/next/", views.guest_neighbour, {"step": "next"}, name="guest_next"),
    path("guests/<int:customer_id>/previous/", views.guest_neighbour, {"step": "previous"}, name="guest_previous"),
]
