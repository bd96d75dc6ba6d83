from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "pacs_portal.accounts"
