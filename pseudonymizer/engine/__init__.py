"""De-identify DICOM files by PS3.15 Annex E: paths and values in, files and values out."""

from pseudonymizer.engine.building import build_profile, default_profile, is_looser
from pseudonymizer.engine.burned_in.boxes import Box, TextDetector, TextFound
from pseudonymizer.engine.earlier import Earlier
from pseudonymizer.engine.errors import HeldBack, PseudonymizationError
from pseudonymizer.engine.finding import Finding, IdentifierLeft
from pseudonymizer.engine.headers import HeaderReader
from pseudonymizer.engine.identifiers import is_pseudonym, map_uid, new_pseudonym
from pseudonymizer.engine.identity import Header, Identity, read_header
from pseudonymizer.engine.joining import StoredStudy
from pseudonymizer.engine.output_files import Result
from pseudonymizer.engine.pipeline import Context, pseudonymize_file
from pseudonymizer.engine.profile import Profile
from pseudonymizer.engine.spec import ProfileSpec, SpecError
from pseudonymizer.engine.subject import Subject
from pseudonymizer.engine.traces import KnownPerson

__all__ = [
    "Box",
    "Context",
    "Earlier",
    "Finding",
    "Header",
    "HeaderReader",
    "HeldBack",
    "IdentifierLeft",
    "Identity",
    "KnownPerson",
    "Profile",
    "ProfileSpec",
    "PseudonymizationError",
    "Result",
    "SpecError",
    "StoredStudy",
    "Subject",
    "TextDetector",
    "TextFound",
    "build_profile",
    "default_profile",
    "is_looser",
    "is_pseudonym",
    "map_uid",
    "new_pseudonym",
    "pseudonymize_file",
    "read_header",
]
