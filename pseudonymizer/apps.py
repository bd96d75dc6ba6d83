from django.apps import AppConfig


class PseudonymizerConfig(AppConfig):
    name = "pseudonymizer"
