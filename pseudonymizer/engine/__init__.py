"""De-identify DICOM files by PS3.15 Annex E: paths and values in, files and values out."""

from pseudonymizer.engine.errors import HeldBack, PseudonymizationError
from pseudonymizer.engine.identifiers import is_pseudonym, map_uid, new_pseudonym
from pseudonymizer.engine.identity import Header, Identity, read_header
from pseudonymizer.engine.pipeline import Context, Result, pseudonymize_file
from pseudonymizer.engine.profile import Profile, default_profile
from pseudonymizer.engine.subject import Subject

__all__ = [
    "Context",
    "Header",
    "HeldBack",
    "Identity",
    "Profile",
    "PseudonymizationError",
    "Result",
    "Subject",
    "default_profile",
    "is_pseudonym",
    "map_uid",
    "new_pseudonym",
    "pseudonymize_file",
    "read_header",
]
