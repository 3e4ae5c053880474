"""Every address. Rooms own theirs; this page only assembles."""

from django.urls import include, path

from crm import views
from crm.styleguide import styleguide

urlpatterns = [
    path("", views.home, name="home"),
    path("health", views.health, name="health"),
    path("styleguide/", styleguide, name="styleguide"),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("b/<slug:slug>/", include("accounts.business_urls")),
    path("b/<slug:slug>/", include("customers.urls")),
    path("b/<slug:slug>/", include("imports.urls")),
]

handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error
