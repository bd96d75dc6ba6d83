"""Jobs in Django's administration: to read, without names."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from pacs_portal.jobs.models import FileReceipt, Job, JobPart


class ReadOnly:
    """Nobody adds, changes or deletes here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class PartInline(ReadOnly, admin.TabularInline):
    """The parts of a job and who holds them."""

    model = JobPart
    extra = 0
    fields = ("number", "kind", "state", "steps", "attempts", "lease_expires_at", "not_before")
    max_num: Any = 100


@admin.register(Job)
class JobAdmin(ReadOnly, admin.ModelAdmin):
    """What ran where, by whom and with which result."""

    list_display = ("id", "project", "tool", "destination", "state", "created_by", "created_at")
    list_filter = ("state", "tool", "destination", "runner")
    list_select_related = ("project", "created_by")
    search_fields = ("id", "project__key", "created_by__email")
    exclude = ("sealed_options",)
    inlines = (PartInline,)


@admin.register(FileReceipt)
class FileReceiptAdmin(ReadOnly, admin.ModelAdmin):
    """What became of each file, by its number."""

    list_display = ("id", "job", "file_number", "outcome", "code", "reason", "updated_at")
    list_filter = ("outcome", "code")
    search_fields = ("job__id", "code")
    list_select_related = ("job", "upload_file")
    show_full_result_count = False

    @admin.display(description="file")
    def file_number(self, receipt: FileReceipt) -> int:
        return receipt.upload_file.number
