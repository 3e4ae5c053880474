"""Addresses of callbacks, links and opens, below ``/m/``."""

from django.urls import path

from messaging.callbacks import link_views, views

urlpatterns = [
    path("callback/<str:token>/", views.transport_callback, name="transport_callback"),
    path("callback/<str:token>/reply/", views.transport_reply, name="transport_reply"),
    path("l/<str:token>/", link_views.message_link, name="message_link"),
    path("o/<str:token>.gif", link_views.message_pixel, name="message_pixel"),
]
