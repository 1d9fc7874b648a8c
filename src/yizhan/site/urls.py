"""Every address of the program."""

from allauth.account import views as account
from django.urls import include, path, re_path

from yizhan.kernel.listing import views as lists
from yizhan.kernel.resource import all_resources
from yizhan.kernel.resource.views import build_urls
from yizhan.kernel.works import views as works
from yizhan.site.api import api
from yizhan.site.metrics import metrics
from yizhan.site.openapi import document
from yizhan.site.pages import views, welcome

handler400 = "yizhan.site.middleware.bad_request"
handler404 = "yizhan.site.middleware.not_found"
handler500 = "yizhan.site.middleware.server_error"

accounts = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("login/", account.login, name="account_signup"),
    path("login/", account.login, name="account_email"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
]
urlpatterns = [
    path("", include("yizhan.tickets.urls")),
    path("", include("yizhan.channels.urls")),
    path("", include("yizhan.people.urls")),
    path("data/", include([url for resource in all_resources() for url in build_urls(resource)])),
    path("lists/<slug:name>/views/", lists.save_view, name="list-save-view"),
    path("lists/<slug:name>/views/<int:pk>/delete/", lists.delete_view, name="list-delete-view"),
    path("lists/<slug:name>/columns/", lists.choose_columns, name="list-columns"),
    path("lists/<slug:name>/export/", lists.export_list, name="list-export"),
    path("palette/", views.palette, name="palette"),
    path("welcome/", welcome.welcome, name="welcome"),
    path("works/", works.work_list, name="works"),
    path("works/<int:pk>/", works.work_page, name="work"),
    path("attachments/<int:pk>/", views.attachment, name="attachment"),
    path("audit/", views.audit_page, name="audit"),
    path("language/", views.set_language, name="set_language"),
    path("first-run/", views.first_run_page, name="first-run"),
    path("metrics", metrics, name="metrics"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("accounts/", include(accounts)),
    path("api/v1/openapi.json", document, {"api": api}),
    path("api/v1/", api.urls),
]
