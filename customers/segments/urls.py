"""Addresses of segments, below ``/b/<slug>/``."""

from django.urls import path

from customers.segments import views

urlpatterns = [
    path("segments/", views.segment_index, name="segment_list"),
    path("segments/new/", views.segment_new, name="segment_new"),
    path("segments/build/", views.segment_build, name="segment_build"),
    path("segments/count/", views.segment_live, name="segment_live"),
    path("segments/<int:segment_id>/", views.segment_page, name="segment_page"),
    path("segments/<int:segment_id>/edit/", views.segment_edit, name="segment_edit"),
    path("segments/<int:segment_id>/reach/", views.segment_reach, name="segment_reach"),
    path("segments/<int:segment_id>/remove/", views.segment_delete, name="segment_delete"),
]
