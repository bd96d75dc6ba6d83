from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PseudonymizerConfig(AppConfig):
    name = "pseudonymizer"
    verbose_name = _("Pseudonymizer")

    def ready(self) -> None:
        """Add the step and the pages to the portal, and an eye on what enters the archive."""
        from pacs_portal.archive.services import register_standing_check
        from pacs_portal.jobs.held.causes import DecisionPage, allow_decision, decided_on
        from pacs_portal.jobs.held.permits import register_look_check
        from pacs_portal.jobs.held.releasing import register_wait
        from pacs_portal.jobs.housekeeping import register_chore
        from pacs_portal.jobs.models import Decision
        from pacs_portal.jobs.steps import register_inner_step, register_step
        from pacs_portal.projects.sealed import register_sealed
        from pacs_portal.tools import ProjectTab, StudyAction, Tool, register_tool
        from pseudonymizer.disclosure.held_looks import refusals_of_looks
        from pseudonymizer.engine.checks import ACCEPTABLE, REDACTABLE
        from pseudonymizer.matches.decisions import CAUSE, are_settled
        from pseudonymizer.matches.queue import count_open
        from pseudonymizer.merges.moving import catch_up
        from pseudonymizer.merges.step import MovingStep
        from pseudonymizer.profiles.facts import facts_of_job
        from pseudonymizer.registry.patients import standing_of
        from pseudonymizer.registry.sealed_rows import BLOCKS, INDEXES, PATIENTS
        from pseudonymizer.step import PseudonymizeStep
        from pseudonymizer.transfers.transfer import may_transfer

        register_step(PseudonymizeStep())
        register_inner_step(MovingStep(), _("Merge of patients"))
        register_chore(catch_up)
        register_sealed(PATIENTS, INDEXES, BLOCKS)
        allow_decision(Decision.ACCEPT, *ACCEPTABLE)
        allow_decision(Decision.REDACT, *REDACTABLE)
        allow_decision(Decision.FALSE_ALARM, "identifier-left")
        allow_decision(Decision.REDACT, "identifier-left")
        decided_on(DecisionPage(_("Possible matches"), "registry_matches"), CAUSE)
        register_wait(CAUSE, are_settled)
        register_look_check(refusals_of_looks)
        register_standing_check(standing_of)
        register_tool(
            Tool(
                name="pseudonymize",
                label=_("Pseudonymize"),
                sentence=_("DICOM of any number of patients, each under one pseudonym."),
                icon="incognito",
                urls="pseudonymizer.urls",
                project_urls="pseudonymizer.project_urls",
                tabs=(
                    ProjectTab(_("Profile"), "profile"),
                    ProjectTab(_("Registry"), "registry", for_stewards=True, count=count_open),
                ),
                job_facts=facts_of_job,
                study_actions=(
                    StudyAction(
                        _("Into another project"), "study_transfer", "folder-plus", may_transfer
                    ),
                ),
            )
        )
