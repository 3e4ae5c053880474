"""Addresses of webhooks, below ``/b/<slug>/``."""

from django.urls import path

from messaging.webhooks import views

urlpatterns = [
    path("settings/webhooks/", views.webhook_list, name="webhook_list"),
    path("settings/webhooks/new/", views.webhook_new, name="webhook_new"),
    path("settings/webhooks/<int:webhook_id>/", views.webhook, name="webhook"),
    path("settings/webhooks/<int:webhook_id>/state/", views.webhook_state, name="webhook_state"),
    path("settings/webhooks/<int:webhook_id>/edit/", views.webhook_edit, name="webhook_edit"),
    path("settings/webhooks/<int:webhook_id>/secret/", views.webhook_secret, name="webhook_secret"),
    path("settings/webhooks/<int:webhook_id>/test/", views.webhook_test, name="webhook_test"),
    path("settings/webhooks/<int:webhook_id>/resend/", views.webhook_resend, name="webhook_resend"),
    path("settings/webhooks/<int:webhook_id>/remove/", views.webhook_remove, name="webhook_remove"),
    path(
        "settings/webhooks/<int:webhook_id>/deliveries/<int:delivery_id>/",
        views.webhook_delivery,
        name="webhook_delivery",
    ),
    path(
        "settings/webhooks/<int:webhook_id>/deliveries/<int:delivery_id>/resend/",
        views.webhook_delivery_resend,
        name="webhook_delivery_resend",
    ),
]
