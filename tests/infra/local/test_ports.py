import socket
from pathlib import Path

import pytest

from infra.errors import BusyError
from infra.local.ports import is_outside_loopback, kept_port, listening_addresses, require_free

EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 (what the check must find)


def listener(address: str) -> socket.socket:
    server = socket.socket()
    server.bind((address, 0))
    server.listen()
    return server


def test_a_port_in_use_is_named_with_the_way_out() -> None:
    with listener("127.0.0.1") as server:
        port = server.getsockname()[1]
        with pytest.raises(BusyError, match=f"Port {port} is in use.*PACS2GO_PORT"):
            require_free(port)


def test_the_same_port_is_kept_while_it_is_free(tmp_path: Path) -> None:
    first = kept_port(tmp_path / "port")
    assert kept_port(tmp_path / "port") == first
    with socket.socket() as server:
        server.bind(("127.0.0.1", first))
        server.listen()
        assert kept_port(tmp_path / "port") != first


def test_a_listener_on_loopback_is_told_from_one_on_every_address() -> None:
    with listener("127.0.0.1") as inside, listener(EVERY_ADDRESS) as outside:
        assert listening_addresses(inside.getsockname()[1]) == {"127.0.0.1"}
        assert not is_outside_loopback(inside.getsockname()[1])
        assert is_outside_loopback(outside.getsockname()[1])
