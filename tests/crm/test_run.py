"""``./run``: its parts, and the whole of it as a user starts, disturbs and stops it."""

import json
import re
import socket
import subprocess
import time
from pathlib import Path

import pytest

from crm.embedded import processes
from crm.embedded.home import CHECKOUT
from crm.up import environment
from crm.up.address import PortTaken, listen, public_names
from crm.up.children import Child
from tests.crm.running import Running, living_below
from tests.crm.services_probe import services_home

# Where it listens


def test_next_port_is_used_when_the_usual_one_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        listener, found = listen("127.0.0.1", port, chosen=False)
        with listener:
            assert port < found <= port + 20


def test_chosen_port_is_never_replaced() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"Port {port} is taken .* --port {port + 1}"):
            listen("127.0.0.1", port, chosen=True)


@pytest.mark.parametrize(
    ("host", "more"),
    [("127.0.0.1", []), ("localhost", []), ("::1", []), ("192.0.2.7", ["192.0.2.7"]), ("inn.example", ["inn.example"])],
)
def test_names_under_which_it_is_reached(host: str, more: list[str]) -> None:
    assert public_names(host) == ["localhost", "127.0.0.1", "[::1]", *more]


def test_machine_is_named_when_it_listens_everywhere() -> None:
    assert socket.gethostname() in public_names("0.0.0.0")


# What it keeps running


def test_pauses_between_restarts_grow_and_begin_anew_after_a_settled_run(tmp_path: Path) -> None:
    child = Child("web", ["true"], tmp_path / "log")
    child.started = time.monotonic()
    assert [child.plan_restart() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    child.started -= 61
    assert child.plan_restart() == 1


def test_end_of_a_program_takes_along_what_it_started(tmp_path: Path) -> None:
    child = Child("worker", ["sh", "-c", "sleep 60 & echo $!; exit 3"], tmp_path / "log")
    child.start()
    deadline = time.monotonic() + 10
    while (code := child.ended()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert code == 3
    grandchild = int((tmp_path / "log").read_text())
    while processes.birth(grandchild) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_log_is_kept_below_its_limit(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    child = Child("web", ["true"], log)
    with log.open("ab") as stream:
        stream.truncate(20_000_001)
        child.trim_log()
        stream.write(b"goes on")
    assert log.read_bytes() == b"goes on"
    assert (tmp_path / "web.old").stat().st_size == 20_000_001


# What it installs


def test_both_locks_name_the_same_versions() -> None:
    """What the tests ran with is what users get; one environment serves both."""

    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9.\[\]-]+==[^\s;]+)", (CHECKOUT / lock).read_text(), re.MULTILINE))

    assert pins("requirements.txt")
    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_locks_carry_hashes_and_no_host() -> None:
    for lock in ("requirements.txt", "requirements-dev.txt"):
        text = (CHECKOUT / lock).read_text()
        assert "://" not in text
        for pin in re.finditer(r"^[a-z0-9].*==.*\n(.*)", text, re.MULTILINE):
            assert "--hash=sha256:" in pin[1], pin[0]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout whose lock names no package, so that no package index is asked."""
    (tmp_path / "requirements.txt").write_text("# nothing yet\n")
    monkeypatch.setattr(environment, "_install_with_pip", lambda _: None)
    monkeypatch.setattr(environment.shutil, "which", lambda _: None)
    monkeypatch.setattr(environment, "CHECKOUT", tmp_path)
    monkeypatch.setattr(environment, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(environment, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    return tmp_path


def test_environment_is_installed_once_and_anew_after_an_interruption(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    create = environment._create
    monkeypatch.setattr(environment, "_create", lambda with_pip: create(with_pip=False))  # quicker
    environment.ensure_environment("requirements.txt")
    assert "Installing" in capfd.readouterr().out
    witness = checkout / ".venv" / "witness"
    witness.touch()
    environment.ensure_environment("requirements.txt")
    assert capfd.readouterr().out == ""

    (checkout / "requirements.txt").write_text("# another lock\n")
    environment.ensure_environment("requirements.txt")
    assert "Installed" in capfd.readouterr().out
    assert witness.exists()

    (checkout / ".venv" / "innkeeper-installing").touch()
    (checkout / "requirements.txt").write_text("# a third\n")
    environment.ensure_environment("requirements.txt")
    assert not witness.exists()
    assert not (checkout / ".venv" / "innkeeper-installing").exists()


def test_missing_pip_is_said_with_the_package_to_install(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(environment.InstallationError, match="apt-get install python3-venv"):
        environment.ensure_environment("requirements.txt")


def test_missing_python_is_said_with_the_package_to_install(tmp_path: Path) -> None:
    for program in ("sh", "dirname"):
        (tmp_path / program).symlink_to(f"/bin/{program}")
    done = subprocess.run([CHECKOUT / "run"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "apt-get install python3 python3-venv" in done.stderr


# The whole of it


def test_started_disturbed_and_stopped() -> None:
    """From nothing to the first page, through kills of every part, to silence."""
    with services_home() as var:
        running = Running(var)
        try:
            running.wait_until_up()
            assert running.page() == 200
            assert running.page("/") in {200, 302}
            manifest = json.loads((var / "static" / "staticfiles.json").read_text())["paths"]
            assert running.page(f"/static/{manifest['app.css']}") == 200

            for name, called in (("gunicorn", "web"), ("worker", "worker"), ("beat", "beat")):
                running.kill_and_await(name, called)
            assert running.page() == 200

            second = running.launch(var / "second")
            assert second.wait(60) == 1
            said = (var / "second").read_text()
            assert f"already runs from this folder, at http://localhost:{running.port}/" in said

            running.process.kill()
            running.process.wait()
            running.start()
            assert running.page() == 200
        finally:
            if running.process.poll() is None:
                said = running.stop()
        assert "Stopped. Everything is kept." in said
        assert not (var / "run.json").exists()
        assert living_below(var) == {}
