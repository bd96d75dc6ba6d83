"""Hans, Heinz who may be Hans, and what a steward says of them."""

from dataclasses import replace

from pacs_portal.jobs.steps import GivenIdentity
from pseudonymizer.matches.decisions import Judgment
from pseudonymizer.models import MatchReason

HANS = GivenIdentity(
    patient_id="A-471108",
    issuer="CLINIC",
    name="Zwirbelmayr^Hans",
    birth_date="19560228",
    study_instance_uid="1.2.3",
)
HEINZ = replace(HANS, name="Zwirbelmayr^Heinz", study_instance_uid="1.2.4")
SAME = Judgment(is_same=True, reason=MatchReason.SPELLING)
DIFFERENT = Judgment(is_same=False, reason=MatchReason.RELATIVES)
