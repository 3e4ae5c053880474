"""Addresses of relations, below ``/b/<slug>/``."""

from django.urls import path

from customers.relations import views

urlpatterns = [
    path("guests/<int:customer_id>/relations/", views.relation_new, name="relation_new"),
    path("guests/<int:customer_id>/relations/choices/", views.relation_choices, name="relation_choices"),
    path("guests/<int:customer_id>/relations/<int:relation_id>/remove/", views.relation_remove, name="relation_remove"),
]
