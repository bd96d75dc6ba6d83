"""What a person can vouch for about her images."""

from django.utils.translation import gettext_lazy as _

from pacs_portal.tools import Statement

NOBODY_SEEN = _("No face can be recognized in these photographs.")
WHO_STATES_IT = _(
    "Else a data steward looks at each photograph first. The job keeps who stated it."
)
NO_FACES = Statement("no_faces", NOBODY_SEEN, WHO_STATES_IT)
