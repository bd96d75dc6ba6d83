"""Addresses of the study list, the DICOMweb gate and the viewer, from the site's root."""

from django.urls import path, re_path

from pacs_portal.archive import gate, viewer, views

# Whatever stands below these roots reaches the view, line feeds too: the grammar refuses there.
EVERYTHING = r"(?P<path>(?s:.*))\Z"

urlpatterns = [
    path("projects/<slug:key>/", views.project, name="project"),
    path(
        "projects/<slug:key>/studies/<uuid:study_id>/delete/",
        views.study_delete,
        name="study_delete",
    ),
    re_path(
        rf"^projects/(?P<key>[-a-zA-Z0-9_]+)/dicom-web/{EVERYTHING}",
        gate.dicom_web,
        name="project_dicom_web",
    ),
    re_path(rf"^dicom-web/{EVERYTHING}", gate.dicom_web, name="dicom_web"),
    re_path(rf"^ohif/{EVERYTHING}", viewer.ohif, name="ohif"),
]
