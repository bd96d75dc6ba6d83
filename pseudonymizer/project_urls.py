"""Addresses below /projects/<key>/."""

from django.urls import path

from pseudonymizer.disclosure import views as approval_views
from pseudonymizer.lists import views as import_views
from pseudonymizer.matches import views as match_views
from pseudonymizer.merges import views as merge_views
from pseudonymizer.profiles import preview_views
from pseudonymizer.profiles import views as profile_views
from pseudonymizer.registry import views
from pseudonymizer.transfers import views as transfer_views

urlpatterns = [
    path("profile/", profile_views.profile, name="profile"),
    path("profile/attributes/", profile_views.profile_attributes, name="profile_attributes"),
    path("profile/rule/", profile_views.profile_rule, name="profile_rule"),
    path("profile/import/", profile_views.profile_import, name="profile_import"),
    path("profile/preview/", preview_views.profile_preview, name="profile_preview"),
    path("profile/<int:number>/", profile_views.profile_export, name="profile_export"),
    path("transfer/", transfer_views.study_transfer, name="study_transfer"),
    path("registry/", views.registry, name="registry"),
    path("registry/find/", views.registry_find, name="registry_find"),
    path("registry/export/", views.registry_export, name="registry_export"),
    path("registry/import/", import_views.registry_import, name="registry_import"),
    path(
        "registry/import/confirm/",
        import_views.registry_import_confirm,
        name="registry_import_confirm",
    ),
    path("registry/approvals/", approval_views.approvals, name="approvals"),
    path("registry/approvals/rule/", approval_views.two_people_on, name="two_people_on"),
    path("registry/approvals/ask/", approval_views.approval_ask, name="approval_ask"),
    path(
        "registry/approvals/<uuid:request_id>/",
        approval_views.approval_answer,
        name="approval_answer",
    ),
    path("registry/matches/", match_views.registry_matches, name="registry_matches"),
    path("registry/matches/<uuid:match_id>/", match_views.registry_match, name="registry_match"),
    path(
        "registry/matches/<uuid:match_id>/decide/",
        match_views.registry_match_decide,
        name="registry_match_decide",
    ),
    path("registry/merges/<uuid:merge_id>/", merge_views.registry_merge, name="registry_merge"),
    path("registry/<uuid:patient_id>/merge/", merge_views.patient_merge, name="patient_merge"),
    path("registry/<uuid:patient_id>/", views.registry_patient, name="registry_patient"),
]
