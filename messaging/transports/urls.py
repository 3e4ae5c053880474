"""Addresses of how messages leave and of the local inbox, below ``/b/<slug>/``."""

from django.urls import path

from messaging.transports import inbox_views, views

urlpatterns = [
    path("messages/sending/", views.transport_list_page, name="transport_list"),
    path("messages/sending/new/", views.transport_new, name="transport_new"),
    path("messages/sending/<int:transport_id>/", views.transport_page, name="transport"),
    path("messages/sending/<int:transport_id>/state/", views.transport_state, name="transport_state"),
    path("messages/sending/<int:transport_id>/edit/", views.transport_edit, name="transport_edit"),
    path("messages/sending/<int:transport_id>/test/", views.transport_try_page, name="transport_try"),
    path("messages/sending/<int:transport_id>/check/", views.transport_check_page, name="transport_check"),
    path("messages/sending/<int:transport_id>/default/", views.transport_default_page, name="transport_default"),
    path("messages/sending/<int:transport_id>/remove/", views.transport_remove_page, name="transport_remove"),
    path("messages/inbox/", inbox_views.inbox_list, name="inbox_list"),
    path("messages/inbox/empty/", inbox_views.inbox_empty, name="inbox_empty"),
    path("messages/inbox/<int:caught_id>/", inbox_views.inbox_message, name="inbox_message"),
    path("messages/inbox/<int:caught_id>/html/", inbox_views.inbox_html, name="inbox_html"),
    path("messages/inbox/<int:caught_id>/html/images/", inbox_views.inbox_html_images, name="inbox_html_images"),
]
