"""Starts the real PostgreSQL on a free loopback port with a cluster of its own."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cached_property
from pathlib import Path

import psycopg

from tests.migrated import migrate
from tests.services.orthanc import free_port

READY_SECONDS = 30
ACCOUNT = "postgres"  # PostgreSQL refuses to run as root
# Nothing here has to survive a power cut; a hundred askers come at once.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_connections": "200", "jit": "off"}


class RunningPostgres:
    """One PostgreSQL; every test makes a database of its own in it."""

    def __init__(self) -> None:
        # Not below pytest's folders: those keep the account out that PostgreSQL runs as.
        self.folder = Path(tempfile.mkdtemp(prefix="pacs2go-postgres-"))
        self.port = free_port()
        self._password = secrets.token_hex(8)
        self._account = _account()
        self._process: subprocess.Popen[bytes] | None = None
        self._number = 0

    def start(self) -> None:
        """Make the cluster, start the server and wait until it answers."""
        password = self.folder / "password"
        password.write_text(self._password)
        if not os.geteuid():
            for path in (self.folder, password):
                shutil.chown(path, ACCOUNT)
        initdb = [_program("initdb"), "--pgdata=cluster", "--username=tests", "--no-sync"]
        initdb += [
            "--auth=scram-sha-256",
            "--pwfile=password",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--locale-provider=icu",  # sorts as most servers do, not by the numbers of letters
            "--icu-locale=en-US",
        ]
        subprocess.run(
            initdb, **self._account, cwd=self.folder, check=True, stdout=subprocess.DEVNULL
        )
        settings = {
            **SETTINGS,
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
        }
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program("postgres"), "-D", "cluster", *options],
                **self._account,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL did not start: {self._log()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server and remove the cluster."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # at once, whoever is still connected
            self._process.wait(timeout=30)
        shutil.rmtree(self.folder)

    def new_database(self, template: str = "template1") -> str:
        """Make a database, empty by default, and return its DATABASE_URL."""
        self._number += 1
        name = f"portal_{self._number}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._url(name)

    def new_portal(self) -> str:
        """Make a migrated database and return its DATABASE_URL."""
        return self.new_database(self._migrated)

    @cached_property
    def _migrated(self) -> str:
        url = self.new_database()
        migrate({"DATABASE_URL": url})
        return url.rpartition("/")[2]

    def _url(self, database: str) -> str:
        return f"postgresql://tests:{self._password}@127.0.0.1:{self.port}/{database}"

    def _is_ready(self) -> bool:
        try:
            psycopg.connect(self._url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]


def _account() -> dict[str, object]:
    """Return what makes a process run as an account that PostgreSQL accepts."""
    if os.geteuid():
        return {}
    entry = pwd.getpwnam(ACCOUNT)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _program(name: str) -> str:
    """Return the newest of the installed servers; Debian leaves them out of PATH."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    newest = sorted(folders, key=lambda folder: int(folder.parent.name), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, newest), os.environ["PATH"]]))
    if found is None:
        raise RuntimeError(f"{name} is missing: make test installs it.")
    return found
