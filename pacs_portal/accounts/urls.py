"""Sign-in and account pages of allauth, without those that are closed here."""

from django.urls import include, path

from pacs_portal.accounts import views

# Accounts and their e-mails are made and changed by site admins.
CLOSED = (
    "signup/",
    "email/",
    "confirm-email/",
    "confirm-email/<str:key>/",
    "login/code/confirm/",
    "password/set/",
)

urlpatterns = [
    *(path(address, views.closed) for address in CLOSED),
    path("logout/", views.sign_out),
    path("", include("allauth.urls")),
]
