"""Addresses below /convert/."""

from django.urls import path

from converter import views

urlpatterns = [path("", views.convert, name="convert")]
