"""Addresses of the outbox, below ``/b/<slug>/``."""

from django.urls import path

from messaging.outbox import views

urlpatterns = [
    path("messages/outbox/", views.outbox_list, name="outbox_list"),
    path("messages/outbox/decide/", views.outbox_decide, name="outbox_decide"),
    path("messages/outbox/late/", views.outbox_late, name="outbox_late"),
    path("messages/outbox/times/", views.message_times, name="message_times"),
    path("messages/outbox/<int:message_id>/", views.outbox_message, name="outbox_message"),
    path("messages/outbox/<int:message_id>/cancel/", views.outbox_cancel, name="outbox_cancel"),
]
