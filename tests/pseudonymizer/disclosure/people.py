"""Hans, whom the registry knows."""

from pacs_portal.jobs.steps import GivenIdentity

HANS = GivenIdentity(patient_id="A-4711", name="Zwirbelmayr^Hans", birth_date="19560228")
