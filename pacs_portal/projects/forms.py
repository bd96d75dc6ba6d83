"""Forms of projects and members."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from pacs_portal.accounts.models import User
from pacs_portal.projects.models import Project, Role
from pacs_portal.projects.services import RESERVED_KEYS


class ProjectForm(forms.ModelForm):
    """Makes a project; the key is suggested from the name in the browser."""

    is_steward_too = forms.BooleanField(
        label=_("I am also the data steward (one-person project)"),
        required=False,
        initial=True,
        help_text=_(
            "You alone decide about identities, and the audit marks it. "
            "Leave it out to name another person as data steward."
        ),
    )

    class Meta:
        model = Project
        fields = ("name", "key", "description")
        widgets = {
            "name": forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
            "key": forms.TextInput(
                attrs={
                    "data-slug-source": "id_name",
                    "autocomplete": "off",
                    "autocapitalize": "none",
                    "spellcheck": "false",
                }
            ),
            "description": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.is_staff:
            del self.fields["is_steward_too"]

    def clean_key(self) -> str:
        """Refuse the keys that addresses of the portal use."""
        key: str = self.cleaned_data["key"]
        if key in RESERVED_KEYS:
            raise ValidationError(_("This key is reserved; choose another."))
        return key


class SettingsForm(forms.ModelForm):
    """What an owner may change."""

    class Meta:
        model = Project
        fields = ("name", "description")
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}


class MemberForm(forms.Form):
    """Names an existing account by its e-mail, and a role."""

    email = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = forms.ChoiceField(
            label=_("Role"), choices=[(role.value, role.label) for role in roles]
        )

    def clean_email(self) -> str:
        """Find the account; the answer does not tell a missing account from a closed one."""
        email: str = self.cleaned_data["email"]
        found = User.objects.filter(email__iexact=email, is_active=True)[:2]
        if len(found) != 1:
            raise ValidationError(
                _("Nobody can be added by this e-mail. Ask a site admin to make the account.")
            )
        self.user = found[0]
        return email
