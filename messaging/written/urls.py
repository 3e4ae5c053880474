"""Addresses of messages to one guest, below ``/b/<slug>/``."""

from django.urls import path

from messaging.written import views

urlpatterns = [
    path("guests/<int:customer_id>/message/", views.message_write, name="message_write"),
    path("guests/<int:customer_id>/message/preview/", views.message_preview, name="message_preview"),
]
