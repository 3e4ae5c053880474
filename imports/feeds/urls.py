"""Addresses of nightly imports, below ``/b/<slug>/``."""

from django.urls import path

from imports.feeds import views

urlpatterns = [
    path("import/feeds/", views.import_feeds, name="import_feeds"),
    path("import/feeds/new/", views.import_feed_new, name="import_feed_new"),
    path("import/feeds/<int:feed_id>/", views.import_feed, name="import_feed"),
    path("import/feeds/<int:feed_id>/state/", views.import_feed_state, name="import_feed_state"),
    path("import/feeds/<int:feed_id>/edit/", views.import_feed_edit, name="import_feed_edit"),
    path("import/feeds/<int:feed_id>/switch/", views.import_feed_switch, name="import_feed_switch"),
    path("import/feeds/<int:feed_id>/run/", views.import_feed_run, name="import_feed_run"),
    path("import/feeds/<int:feed_id>/remove/", views.import_feed_remove, name="import_feed_remove"),
]
