"""Forms of Django's administration for accounts that are named by their e-mail."""

from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm

from pacs_portal.accounts.models import User


class NewUserForm(AdminUserCreationForm):
    """Makes a local account."""

    class Meta:
        model = User
        fields = ("email", "full_name")

    def clean_email(self) -> str:
        """Keep e-mails in small letters, as sign-in looks them up."""
        email: str = self.cleaned_data["email"]
        return email.lower()


class UserForm(UserChangeForm):
    """Changes an account."""

    class Meta:
        model = User
        fields = "__all__"
        field_classes = None
