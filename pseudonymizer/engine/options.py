"""The options of PS3.15 E.3 that a profile can take, as switches."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """A profile or option of PS3.15 Annex E, with its code from CID 7050."""

    code: str
    meaning: str
    name: str = ""  # of the switch
    column: str = ""  # of Table E.1-1


BASIC_PROFILE = Option("113100", "Basic Application Confidentiality Profile")
MODIFIED_DATES = Option(
    "113107",
    "Retain Longitudinal Temporal Information Modified Dates Option",
    "modified_dates",
    "rtn_long_modif_dates",
)
FULL_DATES = Option(
    "113106",
    "Retain Longitudinal Temporal Information Full Dates Option",
    "full_dates",
    "rtn_long_full_dates",
)
CHARACTERISTICS = Option(
    "113108", "Retain Patient Characteristics Option", "characteristics", "rtn_pat_chars"
)
DEVICE = Option("113109", "Retain Device Identity Option", "device", "rtn_dev_id")
UIDS = Option("113110", "Retain UIDs Option", "uids", "rtn_uids")
SAFE_PRIVATE = Option("113111", "Retain Safe Private Option", "safe_private", "rtn_safe_priv")
INSTITUTION = Option("113112", "Retain Institution Identity Option", "institution", "rtn_inst_id")
GRAPHICS = Option("113103", "Clean Graphics Option", "graphics", "clean_graph")
STRUCTURED_CONTENT = Option(
    "113104", "Clean Structured Content Option", "structured_content", "clean_struct_cont"
)
DESCRIPTORS = Option("113105", "Clean Descriptors Option", "descriptors", "clean_desc")
# No switches: whether they are applied wholly is known of a file, not of a profile.
CLEAN_PIXEL_DATA = Option("113101", "Clean Pixel Data Option")
CLEAN_VISUAL_FEATURES = Option("113102", "Clean Recognizable Visual Features Option")

OPTIONS = (
    MODIFIED_DATES,
    FULL_DATES,
    CHARACTERISTICS,
    DEVICE,
    INSTITUTION,
    UIDS,
    SAFE_PRIVATE,
    DESCRIPTORS,
    STRUCTURED_CONTENT,
    GRAPHICS,
)
# No option of the standard, so it has no code: the four that most research needs.
FOUR_CHARACTERISTICS = "four_characteristics"
# No option either: an allow-list, beside what the other rules remove.
ONLY_IOD = "only_iod"
SWITCHES = frozenset({option.name for option in OPTIONS} | {FOUR_CHARACTERISTICS, ONLY_IOD})
EXCLUSIVE = frozenset({MODIFIED_DATES.name, FULL_DATES.name})
DEFAULT_SWITCHES = frozenset({MODIFIED_DATES.name, FOUR_CHARACTERISTICS, DESCRIPTORS.name})
