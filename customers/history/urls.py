"""Addresses of stays, below ``/b/<slug>/``."""

from django.urls import path

from customers.history import views

urlpatterns = [
    path("guests/<int:customer_id>/stays/new/", views.stay_new, name="stay_new"),
    path("guests/<int:customer_id>/stays/<int:stay_id>/", views.stay_edit, name="stay_edit"),
    path("guests/<int:customer_id>/stays/<int:stay_id>/status/", views.stay_status, name="stay_status"),
]
