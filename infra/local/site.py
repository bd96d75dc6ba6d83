"""Where this installation lies and what its environment says."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.errors import InfraError

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_PORT = 8000


@dataclass(frozen=True)
class Site:
    """One data folder and the port that its portal serves."""

    data: Path
    port: int
    ohif: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def secrets(self) -> Path:
        """Return the folder of generated secrets."""
        return self.data / "secrets"

    @property
    def logs(self) -> Path:
        """Return the folder of what the services log."""
        return self.data / "logs"

    @property
    def orthanc(self) -> Path:
        """Return the folder of our own Orthanc."""
        return self.data / "orthanc"

    @property
    def url(self) -> str:
        """Return the address that people open."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def has_own_orthanc(self) -> bool:
        """Tell whether Orthanc is ours to start (the person named no other)."""
        return not self.environment.get("ORTHANC_URL", "").strip()


def site_from_environment(environment: Mapping[str, str]) -> Site:
    """Read the settings that setting up and running need."""
    data = environment.get("PACS2GO_DATA", "").strip() or str(ROOT / "var")
    ohif = environment.get("PACS2GO_OHIF", "").strip()
    return Site(
        data=Path(data).expanduser().resolve(),
        port=_port(environment.get("PACS2GO_PORT", "").strip()),
        ohif=Path(ohif).resolve() if ohif else None,
        environment=dict(environment),
    )


def _port(text: str) -> int:
    if not text:
        return DEFAULT_PORT
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise InfraError("PACS2GO_PORT must be a whole number from 1 to 65535.")
    return int(text)


def make_private_folder(path: Path) -> None:
    """Make `path` for its owner only; a folder that cannot be written stops."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InfraError(f"The folder {path} cannot be made: {error.strerror}.") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise InfraError(f"The folder {path} cannot be written: change its owner or its mode.")
