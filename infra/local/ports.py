"""Finding and checking ports on loopback."""

import socket
from pathlib import Path

from infra.errors import BusyError
from infra.private_files import write_private


def is_free(port: int) -> bool:
    """Tell whether a server could listen on `port` of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def require_free(port: int) -> None:
    """Stop when `port` is taken."""
    if not is_free(port):
        raise BusyError(
            f"Port {port} is in use by another program: stop that, or choose another port "
            "with PACS2GO_PORT."
        )


def kept_port(path: Path) -> int:
    """Return the port noted in `path` while it is free, else a new one, noted there."""
    text = path.read_text("utf-8").strip() if path.exists() else ""
    if text.isdecimal() and is_free(int(text)):
        return int(text)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    write_private(path, f"{port}\n")
    return port
