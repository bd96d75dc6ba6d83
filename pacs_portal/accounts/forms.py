"""Sign-in, and accounts in Django's administration, named by their e-mail."""

from typing import Any

from allauth.account.forms import LoginForm
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm

from pacs_portal.accounts.models import User


class _EmailInSmallLetters:
    """As sign-in looks e-mails up."""

    cleaned_data: dict[str, Any]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return email.lower()


class NewUserForm(_EmailInSmallLetters, AdminUserCreationForm):
    """Makes a local account."""

    class Meta:
        model = User
        fields = ("email", "full_name")


class UserForm(_EmailInSmallLetters, UserChangeForm):
    """Changes an account."""

    class Meta:
        model = User
        fields = "__all__"
        field_classes = None


class SignInForm(LoginForm):
    """The sign-in form; its labels say it all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["login"].widget.attrs["autofocus"] = True
