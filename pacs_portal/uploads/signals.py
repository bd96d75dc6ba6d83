"""What others may listen to."""

from django.dispatch import Signal

# Sent once per upload, after the commit: `upload`.
upload_completed = Signal()
