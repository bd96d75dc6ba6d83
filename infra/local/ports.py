"""Finding and checking ports on loopback."""

import ipaddress
import socket
import sys
from pathlib import Path

from infra.errors import BusyError
from infra.private_files import write_private

LISTENING = "0A"  # TCP_LISTEN in /proc/net/tcp


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


def listening_addresses(port: int) -> set[str]:
    """Return the addresses of this machine on which somebody listens at `port`."""
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    texts = [table.read_text("ascii") for table in tables if table.exists()]
    rows = [line.split() for text in texts for line in text.splitlines()[1:]]
    places = [row[1].split(":") for row in rows if row[3] == LISTENING]
    return {_address(host) for host, port_hex in places if int(port_hex, 16) == port}


def is_outside_loopback(port: int) -> bool:
    """Tell whether somebody listens at `port` where other machines can reach it."""
    addresses = [ipaddress.ip_address(address) for address in listening_addresses(port)]
    return any(not address.is_loopback for address in addresses)


def _address(kernel_hex: str) -> str:
    """Read an address as the kernel prints it: 32-bit words, each in the byte order of the CPU."""
    words = [kernel_hex[start : start + 8] for start in range(0, len(kernel_hex), 8)]
    packed = b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words)
    return str(ipaddress.ip_address(packed))
