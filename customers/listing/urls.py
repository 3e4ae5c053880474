"""Addresses of the guest list, below ``/b/<slug>/``."""

from django.urls import path

from customers.listing import views

urlpatterns = [
    path("guests/", views.guest_list, name="guest_list"),
    path("guests/count/", views.guest_total, name="guest_total"),
    path("guests/<int:customer_id>/next/", views.guest_neighbour, {"step": "next"}, name="guest_next"),
    path("guests/<int:customer_id>/previous/", views.guest_neighbour, {"step": "previous"}, name="guest_previous"),
]
