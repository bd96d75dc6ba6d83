"""Addresses below /projects/."""

from django.urls import path

from pacs_portal.projects import views

urlpatterns = [
    path("new/", views.project_create, name="project_create"),
    path("<slug:key>/members/", views.project_members, name="project_members"),
    path(
        "<slug:key>/members/<int:membership_id>/remove/", views.member_remove, name="member_remove"
    ),
    path("<slug:key>/settings/", views.project_settings, name="project_settings"),
    path("<slug:key>/settings/deactivate/", views.project_deactivate, name="project_deactivate"),
]
