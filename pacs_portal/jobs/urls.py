"""Addresses of jobs, from the root."""

from django.urls import include, path

from pacs_portal.jobs import views
from pacs_portal.jobs.held import file_views as held_file_views
from pacs_portal.jobs.held import views as held_views
from pacs_portal.jobs.review import views as review_views

urlpatterns = [
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("jobs/<uuid:job_id>/progress/", views.job_progress, name="job_progress"),
    path("jobs/<uuid:job_id>/cancel/", views.job_cancel, name="job_cancel"),
    path("jobs/<uuid:job_id>/retry/", views.job_retry, name="job_retry"),
    path("jobs/<uuid:job_id>/download/", views.job_download, name="job_download"),
    path("projects/<slug:key>/jobs/", views.project_jobs, name="project_jobs"),
    path(
        "projects/<slug:key>/uploads/<uuid:upload_id>/start/", views.job_create, name="job_create"
    ),
    path(
        "projects/<slug:key>/uploads/<uuid:upload_id>/check/",
        review_views.upload_review,
        name="upload_review",
    ),
    path(
        "projects/<slug:key>/uploads/<uuid:upload_id>/check/unpack/",
        review_views.upload_look,
        name="upload_look",
    ),
    path(
        "projects/<slug:key>/uploads/<uuid:upload_id>/check/more/",
        review_views.upload_reopen,
        name="upload_reopen",
    ),
    path("projects/<slug:key>/held/", held_views.project_held, name="project_held"),
    path("projects/<slug:key>/held/decide/", held_views.held_decide, name="held_decide"),
    path(
        "projects/<slug:key>/held/<uuid:held_id>/",
        include(
            [
                path("", held_file_views.held_file, name="held_file"),
                path("decide/", held_file_views.held_file_decide, name="held_file_decide"),
                path("picture/", held_file_views.held_picture, name="held_picture"),
                path("thumbnail/", held_file_views.held_thumbnail, name="held_thumbnail"),
                path("download/", held_file_views.held_download, name="held_download"),
            ]
        ),
    ),
]
