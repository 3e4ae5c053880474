"""Every address. Rooms own theirs; this page only assembles."""

from django.urls import include, path

from crm import api, start, views
from crm.styleguide import styleguide

urlpatterns = [
    path("", views.home, name="home"),
    path("health", views.health, name="health"),
    path("styleguide/", styleguide, name="styleguide"),
    path("api/v1/", include("crm.api")),
    path("", include("accounts.urls")),
    path("b/<slug:slug>/", start.business_home, name="business_home"),
    path("b/<slug:slug>/sample/add/", start.sample_add, name="sample_add"),
    path("b/<slug:slug>/sample/remove/", start.sample_remove, name="sample_remove"),
    path("b/<slug:slug>/", include("accounts.business_urls")),
    path("b/<slug:slug>/", include("customers.urls")),
    path("b/<slug:slug>/", include("dedup.urls")),
    path("b/<slug:slug>/", include("imports.urls")),
    path("b/<slug:slug>/", include("messaging.urls")),
    path("b/<slug:slug>/", include("automations.urls")),
    path("m/", include("messaging.public_urls")),
    path("g/", include("portal.urls")),
]

handler403 = views.forbidden
handler404 = api.not_found
handler429 = "accounts.views.errors.too_many"
"""django-allauth's rate limits answer with it; Django itself knows no such handler."""
handler500 = api.server_error
