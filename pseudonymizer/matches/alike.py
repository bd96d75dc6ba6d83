"""Newcomers of whom exactly the same is known: one question, asked once for each of their studies.

A number without issuer, name and birth date recognizes nobody outside its study, so each study
that says no more brings a newcomer of its own, who may be whoever has that number.
"""

from pacs_portal.projects.keys import project_keys
from pseudonymizer.models import MatchState, PossibleMatch
from pseudonymizer.registry.entries import current, identity_of


def alike_matches(match: PossibleMatch) -> list[PossibleMatch]:
    """Return the open pairs of other newcomers with this record and the same known patient."""
    rows = PossibleMatch.objects.filter(project=match.project_id, state=MatchState.OPEN)
    others = rows.exclude(patient=match.patient_id).select_related(
        "patient", "candidate__merged_into"
    )
    keys = project_keys(match.project_id)
    known, record = current(match.candidate), identity_of(match.patient, keys)
    return [
        other
        for other in others
        if current(other.candidate) == known and identity_of(other.patient, keys) == record
    ]
