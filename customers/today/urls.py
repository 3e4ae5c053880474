"""Addresses of Today, below ``/b/<slug>/``; its own is the business's first page."""

from django.urls import path

from customers.today import views

urlpatterns = [
    path("today/all/", views.today_list, name="today_list"),
    path("today/stays/<int:stay_id>/", views.today_move, name="today_move"),
]
