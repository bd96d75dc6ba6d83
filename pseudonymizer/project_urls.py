"""Addresses below /projects/<key>/."""

from django.urls import path

from pseudonymizer import views

urlpatterns = [
    path("registry/", views.registry, name="registry"),
    path("registry/find/", views.registry_find, name="registry_find"),
    path("registry/export/", views.registry_export, name="registry_export"),
    path("registry/<uuid:patient_id>/", views.registry_patient, name="registry_patient"),
]
