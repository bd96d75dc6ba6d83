"""Addresses below /pseudonymize/."""

from django.urls import path

from pseudonymizer import tool_views

urlpatterns = [path("", tool_views.pseudonymize, name="pseudonymize")]
