"""What stands under /accounts/: of allauth only what Discord, two-factor and sessions need."""

from __future__ import annotations

from allauth.account.views import account_inactive, reauthenticate
from allauth.socialaccount.views import login_cancelled, login_error
from django.urls import include, path

from . import views

urlpatterns = [
    path("login/", views.sign_in, name="account_login"),
    path("logout/", views.sign_out, name="account_logout"),
    path("demo/", views.demo, name="account_demo"),
    path("inactive/", account_inactive, name="account_inactive"),
    path("reauthenticate/", reauthenticate, name="account_reauthenticate"),
    path("discord/login/", views.discord_login, name="discord_login"),
    path("discord/login/callback/", views.discord_callback, name="discord_callback"),
    path("discord/cancelled/", login_cancelled, name="socialaccount_login_cancelled"),
    path("discord/error/", login_error, name="socialaccount_login_error"),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", views.end_other_sessions, name="usersessions_list"),
    path("sessions/<int:session_id>/end/", views.end_session, name="account_end_session"),
]

settings_patterns = [
    path("", views.settings_page, name="account_settings"),
    path("appearance/", views.appearance, name="account_appearance"),
    path("time-zone/", views.time_zone, name="account_time_zone"),
]
