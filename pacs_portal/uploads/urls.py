"""Addresses below /projects/<key>/."""

from django.urls import path

from pacs_portal.uploads import intake, views
from pacs_portal.uploads.companions import views as companion_views

urlpatterns = [
    path("upload/", views.project_upload, name="project_upload"),
    path("files/", companion_views.project_files, name="project_files"),
    path(
        "files/<uuid:companion_id>/",
        companion_views.companion_download,
        name="companion_download",
    ),
    path(
        "files/<uuid:companion_id>/remove/",
        companion_views.companion_remove,
        name="companion_remove",
    ),
    path("uploads/", views.uploads, name="upload_list"),
    path("uploads/<uuid:upload_id>/", views.upload, name="upload"),
    path("uploads/<uuid:upload_id>/discard/", views.upload_discard, name="upload_discard"),
    path("uploads/<uuid:upload_id>/manifest/", intake.upload_manifest, name="upload_manifest"),
    path("uploads/<uuid:upload_id>/missing/", intake.upload_missing, name="upload_missing"),
    path("uploads/<uuid:upload_id>/complete/", intake.upload_complete, name="upload_complete"),
    path(
        "uploads/<uuid:upload_id>/files/<int:number>/",
        intake.upload_receive,
        name="upload_receive",
    ),
]
