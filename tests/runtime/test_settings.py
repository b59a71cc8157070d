"""Settings: where each value comes from, every fault at once with its source, and never a secret."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contract.faults import Faulty
from runtime.profile import DEFAULT, HIDDEN, in_force
from runtime.settings import SECRET, MailKind, Mode
from tests.starter.conftest import CommandLine, aftercare

__all__ = ["aftercare"]

ROOT = Path(__file__).parents[2]
CANARY = "canary-4711"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment that says nothing, and a home folder without a profile."""
    monkeypatch.delenv("AFTERCARE_PROFILE")
    monkeypatch.setenv("AFTERCARE_HOME", str(tmp_path))
    return monkeypatch


def profile(folder: Path, text: str) -> Path:
    file = folder / "aftercare.toml"
    file.write_text(text)
    return file


def faults(**given: Any) -> list[str]:
    with pytest.raises(Faulty) as found:
        in_force(**given)
    return [str(fault) for fault in found.value.faults]


def test_the_environment_counts_before_the_profile_and_the_profile_before_the_default(
    environment: pytest.MonkeyPatch, tmp_path: Path
):
    file = profile(tmp_path, 'mail = "none"\ntask_queue = "from-the-profile"')
    environment.setenv("AFTERCARE_TASK_QUEUE", "from-the-environment")
    found = in_force()
    assert (found.settings.mail, found.settings.task_queue) == (MailKind.NONE, "from-the-environment")
    sources = {name: source for name, _, source in found.shown()}
    assert sources["mail"] == str(file)
    assert sources["task_queue"] == "AFTERCARE_TASK_QUEUE"
    assert sources["smtp_port"] == DEFAULT


def test_a_profile_that_is_named_counts_instead_of_the_one_at_home(
    environment: pytest.MonkeyPatch, tmp_path: Path
):
    profile(tmp_path, "max_pollers = 3")
    (tmp_path / "other").mkdir()
    environment.setenv("AFTERCARE_PROFILE", str(profile(tmp_path / "other", "max_pollers = 4")))
    assert in_force().settings.max_pollers == 4
    environment.setenv("AFTERCARE_PROFILE", "")
    assert in_force().settings.max_pollers == 100


def test_every_fault_is_told_at_once_with_where_it_was_made(environment: pytest.MonkeyPatch, tmp_path: Path):
    file = profile(
        tmp_path, 'smtp_prot = 25\ndrain_seconds = "long"\nmax_pollers = 0\ntemporal_tls_cert = "/no"'
    )
    environment.setenv("AFTERCARE_MIAL", "none")
    environment.setenv("AFTERCARE_LOG_LEVEL", "loud")
    environment.setenv("AFTERCARE_MODE", "production")
    assert faults() == [
        f"smtp_prot ({file}): given an unknown name; allowed: smtp_port",
        "AFTERCARE_MIAL (environment): given an unknown name; allowed: AFTERCARE_MAIL",
        f"drain_seconds ({file}): given long; allowed: a number",
        f"max_pollers ({file}): given 0; allowed: 1 or more",
        "AFTERCARE_LOG_LEVEL (environment): given loud;"
        " allowed: one of 'DEBUG', 'INFO', 'WARNING' or 'ERROR'",
        f"temporal_tls_cert ({file}): given /no; allowed: a file that can be read",
        "AFTERCARE_TEMPORAL_TLS_KEY (environment): given nothing;"
        " allowed: a file: certificate and key go together",
        "AFTERCARE_RECORDS_URL (environment): given nothing;"
        " allowed: the record store's URL (production mode)",
        "AFTERCARE_MAIL (environment): given nothing;"
        " allowed: smtp; or outbox or none, if that is meant (production mode)",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("mail = pigeon", "Invalid value (at line 1"),
        ("mail='none'\nmail='smtp'\n", "Cannot overwrite a value (at"),
    ],
)
def test_a_profile_that_is_no_toml_says_where(
    environment: pytest.MonkeyPatch, tmp_path: Path, text: str, fault: str
):
    profile(tmp_path, text)
    (told,) = faults()
    assert told.startswith(f"{tmp_path}/aftercare.toml (profile): given {fault}")


def test_a_named_profile_that_is_not_there_is_a_fault(environment: pytest.MonkeyPatch, tmp_path: Path):
    environment.setenv("AFTERCARE_PROFILE", str(tmp_path / "gone.toml"))
    (told,) = faults()
    assert told.startswith(f"AFTERCARE_PROFILE (environment): given {tmp_path}/gone.toml (No such file")


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"temporal_tls": "false", "temporal_api_key": "k"}, "AFTERCARE_TEMPORAL_TLS "),
        ({"smtp_password": "p"}, "AFTERCARE_SMTP_USERNAME "),
        ({"mode": "production", "records_url": "sqlite:///r.db", "mail": "smtp"}, "AFTERCARE_MAIL_FROM "),
        ({"monitoring_address": "99999"}, "AFTERCARE_MONITORING_ADDRESS "),
        ({"traces_endpoint": "collector"}, "AFTERCARE_TRACES_ENDPOINT "),
        ({"temporal_address": "http://host:1"}, "AFTERCARE_TEMPORAL_ADDRESS "),
    ],
)
def test_values_that_do_not_go_together_or_mean_nothing_are_faults(
    environment: pytest.MonkeyPatch, given: dict[str, str], wrong: str
):
    for name, value in given.items():
        environment.setenv(f"AFTERCARE_{name.upper()}", value)
    assert faults()[0].startswith(wrong)


def test_production_starts_once_everything_it_needs_is_said(environment: pytest.MonkeyPatch, tmp_path: Path):
    profile(
        tmp_path,
        'mode = "production"\nrecords_url = "sqlite:///r.db"\nmail = "smtp"\n'
        'mail_from = "a@example.com"\nmail_domain = "example.com"',
    )
    settings = in_force().settings
    assert (settings.mode, settings.json_logs) == (Mode.PRODUCTION, True)


def test_an_empty_variable_leaves_an_optional_setting_unset(environment: pytest.MonkeyPatch):
    for name in ("TEMPORAL_TLS", "TEMPORAL_TLS_CA", "TEMPORAL_API_KEY", "LOG_JSON", "MONITORING_ADDRESS"):
        environment.setenv(f"AFTERCARE_{name}", "")
    settings = in_force().settings
    assert (settings.tls, settings.json_logs, settings.monitoring_address) == (False, False, None)


def test_a_monitoring_port_alone_is_on_loopback(environment: pytest.MonkeyPatch, tmp_path: Path):
    profile(tmp_path, "monitoring_address = 9464")
    assert in_force().settings.monitoring_address == "127.0.0.1:9464"


def test_a_secret_may_come_in_a_file(environment: pytest.MonkeyPatch, tmp_path: Path):
    file = tmp_path / "key"
    file.write_text(f"{CANARY}\n")
    environment.setenv("AFTERCARE_TEMPORAL_API_KEY_FILE", str(file))
    found = in_force()
    assert found.settings.temporal_api_key is not None
    assert found.settings.temporal_api_key.get_secret_value() == CANARY
    assert found.sources["temporal_api_key"] == "AFTERCARE_TEMPORAL_API_KEY_FILE"
    environment.setenv("AFTERCARE_TEMPORAL_API_KEY", CANARY)
    assert faults()[0].endswith("this or AFTERCARE_TEMPORAL_API_KEY, not both")


def test_variables_that_kubernetes_adds_for_a_service_called_aftercare_do_not_stop_it(
    environment: pytest.MonkeyPatch,
):
    environment.setenv("AFTERCARE_PORT", "tcp://10.0.0.1:80")
    environment.setenv("AFTERCARE_PORT_80_TCP", "tcp://10.0.0.1:80")
    environment.setenv("AFTERCARE_PORT_80_TCP_ADDR", "10.0.0.1")
    environment.setenv("AFTERCARE_SERVICE_HOST", "10.0.0.1")
    in_force()


def test_no_listing_and_no_fault_repeats_a_secret(environment: pytest.MonkeyPatch, aftercare: CommandLine):
    secrets = {
        "temporal_api_key": CANARY,
        "records_url": f"postgresql://me:{CANARY}@host/records",
        "smtp_password": CANARY,
    }
    assert set(secrets) <= SECRET
    for name, value in secrets.items():
        environment.setenv(f"AFTERCARE_{name.upper()}", value)
    environment.setenv("AFTERCARE_SMTP_USERNAME", "me")
    for options in ([], ["--json"]):
        listed = aftercare.well("settings", *options)
        assert listed.count(HIDDEN) == len(secrets)
        assert CANARY not in listed
    environment.setenv("AFTERCARE_RECORDS_URL", f"mysql://me:{CANARY}@host/records")
    environment.setenv("AFTERCARE_SMTP_PASWORD", CANARY)
    said = aftercare("settings")
    assert said.code == 3
    assert said.err.count("\n  ") == 2
    assert CANARY not in said.err


def test_the_profile_on_the_command_line_is_the_one_in_force(aftercare: CommandLine, tmp_path: Path):
    file = profile(tmp_path, "max_cached_workflows = 7")
    told = aftercare("--profile", file, "settings", "--json").json
    assert told["profile"] == str(file)
    assert {"name": "max_cached_workflows", "value": 7, "source": str(file)} in told["settings"]


def test_a_worker_with_faulty_settings_lists_them_and_leaves_with_code_three(tmp_path: Path):
    file = profile(tmp_path, "max_pollers = 0\nmial = 'none'")
    done = subprocess.run(
        [sys.executable, "worker.py", "--profile", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines() == [
        "settings: 2 faults",
        f"  mial ({file}): given an unknown name; allowed: mail",
        f"  max_pollers ({file}): given 0; allowed: 1 or more",
    ]
