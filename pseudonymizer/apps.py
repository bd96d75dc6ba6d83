from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PseudonymizerConfig(AppConfig):
    name = "pseudonymizer"
    verbose_name = _("Pseudonymizer")

    def ready(self) -> None:
        """Add the step and the pages to the portal, and an eye on what enters the archive."""
        from pacs_portal.archive.standing import register_standing_check
        from pacs_portal.jobs.chores import register_chore
        from pacs_portal.jobs.held.causes import DecisionPage, allow_decision, decided_on
        from pacs_portal.jobs.held.permits import register_look_check
        from pacs_portal.jobs.held.waits import register_wait
        from pacs_portal.jobs.models import Decision
        from pacs_portal.jobs.steps import register_inner_step, register_step
        from pacs_portal.later import later
        from pacs_portal.projects.sealed import register_sealed
        from pacs_portal.tools import ProjectTab, StudyAction, Tool, register_tool
        from pseudonymizer.causes import (
            ACCEPTABLE,
            IDENTIFIER_LEFT,
            POSSIBLE_MATCH,
            REDACTABLE,
        )

        merge_step = later("pseudonymizer.merges.step.MovingStep")
        register_step("pseudonymize", later("pseudonymizer.step.PseudonymizeStep"))
        register_inner_step("merge", merge_step, _("Merge of patients"))
        register_chore(later("pseudonymizer.merges.moving.catch_up"))
        register_sealed(later("pseudonymizer.registry.sealed_rows.sealed_tables"))
        allow_decision(Decision.ACCEPT, *ACCEPTABLE)
        allow_decision(Decision.REDACT, *REDACTABLE)
        allow_decision(Decision.FALSE_ALARM, IDENTIFIER_LEFT)
        allow_decision(Decision.REDACT, IDENTIFIER_LEFT)
        decided_on(DecisionPage(_("Possible matches"), "registry_matches"), POSSIBLE_MATCH)
        register_wait(POSSIBLE_MATCH, later("pseudonymizer.matches.decisions.are_settled"))
        register_look_check(later("pseudonymizer.disclosure.held_looks.refusals_of_looks"))
        register_standing_check(later("pseudonymizer.registry.patients.standing_of"))
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
                    ProjectTab(
                        _("Registry"),
                        "registry",
                        for_stewards=True,
                        count=later("pseudonymizer.matches.queue.count_open"),
                    ),
                ),
                job_facts=later("pseudonymizer.profiles.facts.facts_of_job"),
                study_actions=(
                    StudyAction(
                        _("Into another project"),
                        "study_transfer",
                        "folder-plus",
                        later("pseudonymizer.transfers.transfer.may_transfer"),
                    ),
                ),
            )
        )
