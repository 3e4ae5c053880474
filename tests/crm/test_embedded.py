"""The embedded services, started, joined, killed and stopped for real."""

import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from crm.embedded import processes
from tests.crm.services_probe import place_of, probe, refused, services_home, start_probe

ADDRESSES = "ensure(); print(os.environ['DATABASE_URL'], os.environ['DATABASE_OWNER_URL'], os.environ['REDIS_URL'])"
STOP = "assert embedded.stop(home)"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder with services in it, which every test here finds and leaves in working order."""
    with services_home() as path:
        yield path


@pytest.fixture
def fresh() -> Iterator[Path]:
    """A folder in which no service has been started yet."""
    with services_home() as path:
        yield path


def addresses(home: Path) -> tuple[str, str, str]:
    """The app role's, the owner's and Valkey's address."""
    app, owner, valkey = probe(home, ADDRESSES).split()
    return app, owner, valkey


def state(home: Path) -> dict[str, object]:
    """The state file."""
    found: dict[str, object] = json.loads((home / "services.json").read_text())
    return found


def servers_of(home: Path) -> dict[int, str]:
    """The living processes that work below ``home``: number and command."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and processes.birth(int(entry.name)):
            try:
                where, command = (entry / "cwd").readlink(), (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if where.is_relative_to(home):
                found[int(entry.name)] = command.replace(b"\0", b" ").decode()
    return found


def wait_until(condition: object, seconds: float = 20.0) -> None:
    """Wait until ``condition()`` is true."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.05)


def test_app_role_owns_nothing_and_the_superuser_cannot_sign_in(home: Path) -> None:
    app, owner, _ = addresses(home)
    with psycopg2.connect(app) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False, False, False, False)
        cursor.execute("CREATE TEMPORARY TABLE staging (line text) ON COMMIT DROP")
    for forbidden in ("CREATE TABLE t (a int)", "CREATE ROLE r", "CREATE SCHEMA s"):
        with (
            pytest.raises(psycopg2.errors.InsufficientPrivilege),
            psycopg2.connect(app) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(forbidden)
    with pytest.raises(psycopg2.OperationalError, match=r"no pg_hba\.conf entry"):
        psycopg2.connect(owner.replace("innkeeper_owner", "postgres"))
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(app.replace("innkeeper_app:", "innkeeper_app:x"))


def test_owner_makes_databases_and_the_extensions_needed(home: Path) -> None:
    _, owner, _ = addresses(home)
    connection = psycopg2.connect(owner)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False, True)
        for extension in ("pg_trgm", "btree_gin", "fuzzystrmatch", "unaccent"):
            cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
        # Letters, not bytes: trigrams and case folding know the Nordic ones.
        cursor.execute("SELECT similarity('BJØRN', 'bjørn'), lower('ÆØÅ'), 'ø' ~ '^\\w$'")
        assert cursor.fetchone() == (1.0, "æøå", True)
    connection.close()


def test_passwords_are_readable_by_their_owner_alone(home: Path) -> None:
    addresses(home)
    assert (home / "services.json").stat().st_mode & 0o777 == 0o600
    assert (home / "postgres").stat().st_mode & 0o777 == 0o700
    assert (home / "valkey" / "valkey.conf").stat().st_mode & 0o777 == 0o600
    password = str(state(home)["valkey_password"])
    assert not any(password in command for command in servers_of(home).values())


def test_second_process_joins_the_first(home: Path) -> None:
    first = addresses(home)
    servers = set(servers_of(home))
    started = time.monotonic()
    assert addresses(home) == first
    assert time.monotonic() - started < 5
    assert set(servers_of(home)) >= {pid for pid in servers if processes.birth(pid)}


def test_processes_that_start_together_share_one_server(home: Path) -> None:
    probe(home, STOP)
    together = [start_probe(home, ADDRESSES) for _ in range(3)]
    outputs = {process.communicate(timeout=120)[0] for process in together}
    assert len(outputs) == 1
    assert sum("-D" in command for command in servers_of(home).values()) == 1


def test_everything_killed_comes_back_with_its_data(home: Path) -> None:
    _, owner, _ = addresses(home)
    with psycopg2.connect(owner) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        cursor.execute("TRUNCATE kept")
        cursor.execute("INSERT INTO kept VALUES ('still here')")
    for pid in servers_of(home):
        os.kill(pid, signal.SIGKILL)
    _, owner, valkey = addresses(home)
    with psycopg2.connect(owner) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT word FROM kept")
        assert cursor.fetchone() == ("still here",)
    assert ask_valkey(valkey) == b"+PONG"


def test_pid_file_that_names_somebody_else_is_no_obstacle(home: Path) -> None:
    addresses(home)
    for pid in servers_of(home):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not servers_of(home))
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    # After a restart of the machine the old number may belong to any program; here, to this one.
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    app, _, _ = addresses(home)
    psycopg2.connect(app).close()


def test_taken_ports_are_replaced(home: Path) -> None:
    addresses(home)
    probe(home, STOP)
    before = state(home)
    with (
        socket.create_server(("127.0.0.1", int(str(before["postgres_port"])))),
        socket.create_server(("127.0.0.1", int(str(before["valkey_port"])))),
    ):
        app, _, valkey = addresses(home)
        psycopg2.connect(app).close()
        assert ask_valkey(valkey) == b"+PONG"
    after = state(home)
    assert (after["postgres_port"], after["valkey_port"]) != (before["postgres_port"], before["valkey_port"])


def test_copied_folder_does_not_join_the_servers_it_was_copied_from(home: Path, fresh: Path) -> None:
    first = state(home) if addresses(home) else {}
    held = start_probe(home, "ensure(); print('up', flush=True); sys.stdin.read()")
    assert held.stdout is not None
    assert held.stdout.readline() == "up\n"
    copy = state(home) | {"checkout": "/another/checkout"}
    (fresh / "services.json").write_text(json.dumps(copy))
    addresses(fresh)
    assert state(fresh)["postgres_port"] != first["postgres_port"]
    held.communicate(timeout=60)


def test_servers_are_not_stopped_under_another_process(home: Path) -> None:
    user = start_probe(home, "ensure(); print('up', flush=True); sys.stdin.read(); ensure()")
    assert user.stdout is not None
    assert user.stdout.readline() == "up\n"
    assert probe(home, "ensure(); print(embedded.stop(home))") == "False\n"
    app, _, _ = addresses(home)
    psycopg2.connect(app).close()
    user.communicate(timeout=60)
    assert probe(home, "print(embedded.stop(home))") == "True\n"
    wait_until(lambda: not servers_of(home))


def keeper_of(home: Path) -> int:
    """The living keeper's number; 0 while there is none."""
    try:
        pid = int((home / "keeper.lock").read_text())
        return pid if b"crm.embedded.keeper" in Path(f"/proc/{pid}/cmdline").read_bytes() else 0
    except (OSError, ValueError):
        return 0


def test_keeper_stops_the_servers_after_the_last_user_was_killed(home: Path) -> None:
    probe(home, "ensure()\n" + STOP)
    user = start_probe(home, "ensure(); print('up', flush=True); sys.stdin.read()")
    assert user.stdout is not None
    assert user.stdout.readline() == "up\n"
    wait_until(lambda: keeper_of(home))
    os.kill(keeper_of(home), signal.SIGKILL)
    impatient = start_probe(home, "from crm.embedded.keeper import keep; keep(home, grace=0.1)")
    time.sleep(1)
    assert servers_of(home)
    user.kill()
    user.communicate()
    impatient.communicate(timeout=60)
    assert impatient.returncode == 0
    wait_until(lambda: not servers_of(home))


def test_cut_off_initialisation_is_begun_again(fresh: Path) -> None:
    cut_off = start_probe(fresh, "ensure()")
    wait_until(lambda: any((place_of(fresh) / "postgres").glob("data.new-*")))
    os.kill(cut_off.pid, signal.SIGKILL)
    cut_off.communicate()
    app, _, _ = addresses(fresh)
    psycopg2.connect(app).close()


def test_lost_state_is_not_papered_over(home: Path) -> None:
    addresses(home)
    probe(home, STOP)
    kept = (home / "services.json").read_text()
    (home / "services.json").unlink()
    said = refused(home, "embedded.ensure(home)")
    assert "services.json" in said
    assert "backup" in said
    (home / "services.json").write_text("{")
    assert "backup" in refused(home, "embedded.ensure(home)")
    (home / "services.json").write_text(kept)
    app, _, _ = addresses(home)
    psycopg2.connect(app).close()


@pytest.mark.parametrize(
    ("environment", "started"),
    [
        ({"DATABASE_URL": "postgresql://a@h/d", "DATABASE_OWNER_URL": "postgresql://o@h/d"}, {"valkey"}),
        ({"REDIS_URL": "redis://h"}, {"postgres"}),
        ({"INNKEEPER_EMBEDDED": "0"}, set()),
    ],
)
def test_addresses_in_the_environment_win(fresh: Path, environment: dict[str, str], started: set[str]) -> None:
    shown = "ensure(); print({n: os.environ.get(n) for n in ('DATABASE_URL', 'DATABASE_OWNER_URL', 'REDIS_URL')})"
    output = probe(fresh, shown, **environment)
    for name, value in environment.items():
        assert name == "INNKEEPER_EMBEDDED" or f"'{name}': '{value}'" in output
    assert {folder.name for folder in fresh.iterdir() if folder.is_dir()} == started


def test_half_an_address_is_refused(tmp_path: Path) -> None:
    said = refused(tmp_path, "ensure()", DATABASE_OWNER_URL="postgresql://o@h/d")
    assert "DATABASE_URL is not" in said


def test_configure_starts_nothing(tmp_path: Path) -> None:
    output = probe(tmp_path, "embedded.configure(home); print(os.environ['DATABASE_URL'])")
    assert output.startswith("postgresql://innkeeper_app:")
    assert not servers_of(tmp_path)


def test_closed_home_is_left_closed(fresh: Path) -> None:
    """Root's servers run as another account; where that cannot enter, they live elsewhere."""
    closed = fresh / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "var"
    try:
        app, _, _ = addresses(home)
        psycopg2.connect(app).close()
        assert closed.stat().st_mode & 0o777 == 0o700
        assert place_of(home).is_relative_to("/var/lib/innkeeper" if os.geteuid() == 0 else home)
    finally:
        probe(home, "embedded.stop(home, force=True)")
        shutil.rmtree(place_of(home))


def ask_valkey(url: str) -> bytes:
    """The answer to a PING with the password."""
    password, _, rest = url.removeprefix("redis://:").partition("@")
    port = int(rest.partition(":")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port), 5) as connection, connection.makefile("rb") as answers:
        connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
        assert answers.readline().strip() == b"+OK"
        return answers.readline().strip()
