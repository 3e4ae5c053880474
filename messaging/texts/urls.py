"""Addresses of templates, below ``/b/<slug>/``."""

from django.urls import path

from messaging.texts import views, writing

urlpatterns = [
    path("messages/templates/", views.template_index, name="template_list"),
    path("messages/templates/new/", views.template_new, name="template_new"),
    path("messages/templates/guests/", writing.template_guests, name="template_guests"),
    path("messages/templates/look/<str:look>/", writing.template_look, name="template_look"),
    path("messages/templates/<int:template_id>/", writing.template_edit, name="template_edit"),
    path("messages/templates/<int:template_id>/preview/", writing.template_preview, name="template_preview"),
    path("messages/templates/<int:template_id>/languages/", writing.template_languages, name="template_languages"),
    path("messages/templates/<int:template_id>/unwrite/", writing.template_unwrite, name="template_unwrite"),
    path("messages/templates/<int:template_id>/settings/", views.template_settings, name="template_settings"),
    path("messages/templates/<int:template_id>/put-away/", views.template_put_away, name="template_put_away"),
    path("messages/templates/<int:template_id>/bring-back/", views.template_bring_back, name="template_bring_back"),
    path("messages/templates/<int:template_id>/copy/", views.template_copied, name="template_copied"),
]
