"""Why files are held, and what data stewards may do about it.

Every command registers these names, so nothing of the engine is imported here.
"""

SAYS_TEXT = "burned-in"
TEXT_CODES = frozenset({SAYS_TEXT, "burned-in-text"})
UNKNOWN_CLASS = "unknown-sop-class"
FACE = "recognizable-face"
DOCUMENT = "encapsulated-document"
IDENTIFIER_LEFT = "identifier-left"
POSSIBLE_MATCH = "possible-match"
# What a data steward who looked at the file may let through.
ACCEPTABLE = TEXT_CODES | {FACE, DOCUMENT, UNKNOWN_CLASS, "video", "voice"}
# Of these, what she may have blacked out as well.
REDACTABLE = TEXT_CODES | {FACE}
