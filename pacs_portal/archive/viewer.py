"""Serves the files of the OHIF viewer to people who are signed in."""

import re
from dataclasses import dataclass
from pathlib import Path

from csp.constants import HEADER, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE, WASM_UNSAFE_EVAL
from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils._os import safe_join
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from pacs_portal.archive.grammar import is_suspicious
from pacs_portal.archive.queries import values_of
from pacs_portal.archive.services import are_slides, open_studies

# The viewer compiles WebAssembly decoders and styles its elements by script; its pages run no
# inline script and no eval.
POLICY = {
    "default-src": [SELF],
    "script-src": [SELF, WASM_UNSAFE_EVAL, "blob:"],
    "worker-src": [SELF, "blob:"],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
    "font-src": [SELF, "data:"],
    "connect-src": [SELF, "data:", "blob:"],
    "media-src": [SELF, "blob:"],
    "object-src": [SELF, "blob:"],
    "frame-src": [SELF, "blob:"],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
}
# A worker obeys the policy of its own file, not of the page. The one that decodes JPEG 2000 and
# JPEG-LS builds its bindings by eval; it has no document and talks to this origin only.
WORKER_POLICY = {**POLICY, "script-src": [*POLICY["script-src"], UNSAFE_EVAL]}
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
HASHED_NAME = re.compile(r"(\A|[.-])[0-9a-f]{16,}\.")
GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|\Z))", re.IGNORECASE)
FOREVER = "private, max-age=31536000, immutable"
REVALIDATED = "private, no-cache"
RADIOLOGY, MICROSCOPY = "viewer", "microscopy"  # modes of the viewer, by their addresses
STUDY_PARAMETER = "studyinstanceuids"  # the viewer reads its parameters in any case


@dataclass(frozen=True)
class _ViewerFile:
    """A file of the viewer, and the compressed one beside it where that may be sent."""

    path: Path
    sent: Path
    is_compressed: bool

    @property
    def etag(self) -> str:
        status = self.sent.stat()
        return f'"{status.st_mtime_ns:x}-{status.st_size:x}"'


@require_safe
def ohif(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve a file of the viewer; every other address is a page of it."""
    if is_suspicious(request.path):
        raise Http404
    index = _file_at("index.html")
    if index is None:
        return render(request, "archive/viewer_missing.html", status=503)
    found = _file_at(path) if path else None
    if found is None:
        if Path(path).suffix in {*CONTENT_TYPES, ".map"}:
            raise Http404
        uids = _named_studies(request)
        if path == RADIOLOGY and are_slides(uids=uids, by=request.user):
            # The mode of radiology shows no slide; links to a study need not know what it holds.
            query = request.GET.urlencode()
            return redirect(f"{reverse('ohif', args=[MICROSCOPY])}?{query}")
        _open_named_studies(request, uids)
        found = index
    return _answer(request, _chosen(request, found))


def _named_studies(request: HttpRequest) -> list[str]:
    return [
        uid
        for name, texts in request.GET.lists()
        if name.lower() == STUDY_PARAMETER
        for text in texts
        for uid in values_of(str(text))
    ]


def _open_named_studies(request: HttpRequest, uids: list[str]) -> None:
    """Let nobody load the viewer for a study that she may not read; note who opened which."""
    if uids and not open_studies(uids=uids, by=request.user):
        raise Http404


def _file_at(path: str) -> Path | None:
    try:
        found = Path(safe_join(settings.OHIF_DIR, path))
        return found if found.is_file() else None
    except (SuspiciousFileOperation, ValueError, OSError):
        return None


def _chosen(request: HttpRequest, path: Path) -> _ViewerFile:
    compressed = path.with_name(f"{path.name}.gz")
    if GZIP.search(request.headers.get("Accept-Encoding", "")) and compressed.is_file():
        return _ViewerFile(path, compressed, is_compressed=True)
    return _ViewerFile(path, path, is_compressed=False)


def _answer(request: HttpRequest, file: _ViewerFile) -> HttpResponseBase:
    modified = int(file.path.stat().st_mtime)
    unchanged = get_conditional_response(request, etag=file.etag, last_modified=modified)
    response: HttpResponseBase = unchanged or _whole(request, file)
    response.headers["ETag"] = file.etag
    response.headers["Last-Modified"] = http_date(modified)
    response.headers["Cache-Control"] = (
        FOREVER if HASHED_NAME.search(file.path.name) else REVALIDATED
    )
    is_page = file.path.suffix == ".html"
    response.headers[HEADER] = _written(POLICY if is_page else WORKER_POLICY)
    # Both together let the viewer share memory between its workers.
    response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _written(policy: dict[str, list[str]]) -> str:
    return "; ".join(f"{directive} {' '.join(sources)}" for directive, sources in policy.items())


def _whole(request: HttpRequest, file: _ViewerFile) -> HttpResponseBase:
    content_type = CONTENT_TYPES.get(file.path.suffix.lower(), "application/octet-stream")
    headers = {"Content-Length": str(file.sent.stat().st_size)}
    if file.is_compressed:
        headers["Content-Encoding"] = "gzip"
    if request.method == "HEAD":
        return HttpResponse(content_type=content_type, headers=headers)
    return FileResponse(file.sent.open("rb"), content_type=content_type, headers=headers)
