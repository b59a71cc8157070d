"""docker-compose.yml: of the right shape, whole, and closed to everyone by default."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import Any

import pytest
import yaml

from runtime.binaries import temporal_cli
from runtime.profile import variable
from runtime.settings import SECRET as SECRET_SETTINGS
from runtime.settings import Settings
from tests.deploy.compose import (
    FILE,
    HOUSE,
    Unset,
    env_file,
    environments,
    filled,
    text,
    variables,
)
from tests.deploy.conftest import FILLED_IN
from tests.deploy.dockerfile import stages

ORDER = [
    "temporal-db",
    "temporal-schema",
    "temporal",
    "temporal-namespace",
    "worker",
]
"""Each begins when the one before is healthy or, where it is to end, has ended well."""

SECRET = re.compile(r"PASSWORD|PWD|SECRET|TOKEN|API_KEY|KEYRING|OPERATORS")


def services(compose: Any) -> Iterator[tuple[str, Any]]:
    yield from compose["services"].items()


def once(service: Any) -> bool:
    """Whether it is to end by itself."""
    return bool(service["restart"] == "no")


def test_it_is_of_the_shape_that_the_compose_specification_asks_for():
    schema = ["-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    checked = subprocess.run([sys.executable, *schema], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("missing", ["DEPLOY_SECRETS", *FILLED_IN])
def test_what_must_be_set_and_is_not_is_said_with_what_to_do(missing: str):
    known = env_file() | FILLED_IN
    with pytest.raises(Unset, match=rf"^{missing}: \w.*(make deploy-env|deploy/env\.example)"):
        filled({name: value for name, value in known.items() if name != missing})


def test_the_example_names_what_must_be_set_and_leaves_it_empty():
    demanded = {found.name for found in variables() if found.demand}
    example = env_file()
    assert demanded <= example.keys()
    assert {name for name in demanded if not example[name]} == set(FILLED_IN)


def test_the_example_agrees_with_the_defaults_of_the_file():
    defaults = {found.name: found.default for found in variables() if found.default is not None}
    example = {name: value for name, value in env_file().items() if name in defaults}
    assert example == {name: defaults[name] for name in example}
    assert env_file().keys() <= {found.name for found in variables()}


def test_every_image_is_pinned_to_a_full_version(compose: Any):
    for name, service in services(compose):
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-[a-z]+)?$", service["image"]), name


def test_temporal_is_of_the_versions_that_the_tests_run_on(compose: Any):
    told = subprocess.run([temporal_cli(), "--version"], capture_output=True, text=True, check=True).stdout
    versions = re.search(r"Server (?P<server>[\d.]+), UI (?P<ui>[\d.]+)", told)
    assert versions is not None, told
    images = {service["image"] for _, service in services(compose) if "temporalio/" in service["image"]}
    assert images == {
        f"temporalio/server:{versions['server']}",
        f"temporalio/admin-tools:{versions['server']}",
        f"temporalio/ui:{versions['ui']}",
    }


def test_nothing_is_published_beyond_this_machine(compose: Any):
    published = [(name, port) for name, service in services(compose) for port in service.get("ports", [])]
    assert published
    assert [(name, port) for name, port in published if not port.startswith("127.0.0.1:")] == []
    on_the_host = [service for _, service in services(compose) if service.get("network_mode")]
    assert on_the_host == [compose["services"]["codec"]]
    assert on_the_host[0]["environment"]["AFTERCARE_CODEC_ADDRESS"].startswith("127.0.0.1:")


def test_the_ui_and_the_codec_server_know_each_other(compose: Any):
    ui, codec = (compose["services"][name]["environment"] for name in ("temporal-ui", "codec"))
    assert ui["TEMPORAL_CODEC_ENDPOINT"] == f"http://{codec['AFTERCARE_CODEC_ADDRESS']}"
    assert codec["AFTERCARE_CODEC_UI_ORIGINS"] == ui["TEMPORAL_CORS_ORIGINS"]
    assert f"{codec['AFTERCARE_CODEC_ADDRESS']}/livez" in str(compose["services"]["codec"]["healthcheck"])


def test_databases_and_temporal_are_on_networks_without_a_way_out(compose: Any):
    for name in ("temporal-db", "records-db", "temporal", "migrations"):
        for network in compose["services"][name]["networks"]:
            assert compose["networks"][network]["internal"], (name, network)


def test_no_password_stands_in_the_file_or_in_an_environment(compose: Any):
    for service, name, value in environments(compose):
        if SECRET.search(name):
            assert name.endswith("_FILE"), (service, name)
            assert value.startswith(("/run/secrets/", "/keys/")), (service, name)
    assert all("file" in secret for secret in compose["secrets"].values())


def test_every_secret_that_is_read_is_handed_over(compose: Any):
    for name, service in services(compose):
        handed = {
            secret if isinstance(secret, str) else secret["target"] for secret in service.get("secrets", [])
        }
        read = set(re.findall(r"/run/secrets/(\w+)", str(service)))
        assert read == handed, name


def test_secrets_networks_and_volumes_are_declared_and_used(compose: Any):
    used: dict[str, set[str]] = {"secrets": set(), "networks": set(), "volumes": set()}
    for _, service in services(compose):
        for secret in service.get("secrets", []):
            used["secrets"].add(secret if isinstance(secret, str) else secret["source"])
        used["networks"].update(service.get("networks", []))
        for volume in service.get("volumes", []):
            if not volume.startswith((".", "/")):
                used["volumes"].add(volume.split(":")[0])
    assert used == {kind: set(compose[kind]) for kind in used}


def test_every_file_of_ours_that_is_mounted_is_there_and_cannot_be_changed(compose: Any):
    mounted = [
        volume
        for _, service in services(compose)
        for volume in service.get("volumes", [])
        if volume.startswith(".")
    ]
    assert mounted
    for volume in mounted:
        source, target, mode = volume.split(":")
        assert (HOUSE / source).exists(), volume
        assert target.startswith("/")
        assert mode == "ro", volume


def test_what_is_waited_for_can_come_about(compose: Any):
    for name, service in services(compose):
        for other, how in service.get("depends_on", {}).items():
            awaited = compose["services"][other]
            match how["condition"]:
                case "service_healthy":
                    assert awaited["healthcheck"]["test"], (name, other)
                    assert not once(awaited), (name, other)
                case "service_completed_successfully":
                    assert once(awaited), (name, other)
                case other_condition:
                    pytest.fail(f"{name} waits for {other} to be {other_condition}")
    graph = {name: list(service.get("depends_on", {})) for name, service in services(compose)}
    assert list(TopologicalSorter(graph).static_order())


def test_workers_begin_after_everything_they_need(compose: Any):
    for before, after in pairwise(ORDER):
        assert before in compose["services"][after]["depends_on"], (before, after)
    assert "migrations" in compose["services"]["worker"]["depends_on"]
    assert "records-db" in compose["services"]["migrations"]["depends_on"]
    assert "temporal-namespace" in compose["services"]["temporal-ui"]["depends_on"]


def test_everything_that_lasts_restarts_and_says_how_it_is(compose: Any):
    for name, service in services(compose):
        if not once(service):
            assert service["restart"] == "unless-stopped", name
            assert service.get("healthcheck", {}).get("test") or service["image"].startswith("aftercare"), (
                name
            )


def test_everything_has_limits_and_rotates_its_log(compose: Any):
    for name, service in services(compose):
        limits = service["deploy"]["resources"]["limits"]
        assert limits.keys() == {"cpus", "memory", "pids"}, name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name


def test_nothing_can_gain_privileges_and_ours_can_change_nothing(compose: Any):
    for name, service in services(compose):
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name
        if service["image"].startswith("aftercare"):
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
            assert "cap_add" not in service, name


def test_workers_are_as_many_as_one_says(compose: Any):
    worker = compose["services"]["worker"]
    assert worker["deploy"]["replicas"] == "2"
    more = filled(env_file() | FILLED_IN | {"WORKERS": "7"})
    assert more["services"]["worker"]["deploy"]["replicas"] == "7"
    # A name or a port of its own would allow only one.
    assert not {"container_name", "ports"} & worker.keys()


def test_a_worker_has_the_time_to_finish_what_it_has_begun(compose: Any):
    grace = compose["services"]["worker"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > Settings().drain_seconds


def test_every_setting_that_is_given_is_one(compose: Any):
    known = {variable(name) for name in Settings.model_fields}
    known |= {f"{variable(name)}_FILE" for name in SECRET_SETTINGS}
    given = {name for _, name, _ in environments(compose) if name.startswith("AFTERCARE_")}
    given |= set(re.findall(r"\bAFTERCARE_\w+", (HOUSE / "Dockerfile").read_text()))
    assert given - known == set()


def test_every_command_of_ours_that_is_given_exists(compose: Any):
    commands = {
        tuple(service.get("entrypoint", []) + service.get("command", [])) for _, service in services(compose)
    }
    ours = sorted(command[1:] for command in commands if command[:1] == ("aftercare",))
    assert ours
    for arguments in ours:
        asked = subprocess.run(
            [sys.executable, "-m", "starter.cli", *arguments, "--help"],
            capture_output=True,
            text=True,
            cwd=HOUSE,
        )
        assert asked.returncode == 0, (arguments, asked.stderr)


def test_anchors_leave_nothing_behind_that_no_service_uses():
    written = FILE.read_text(encoding="utf-8")
    for name in re.findall(r"&([\w-]+)", written):
        assert re.search(rf"\*{name}\b", written), name
    assert {key for key in text() if not key.startswith("x-")} == {
        *("name", "services", "networks", "volumes", "secrets")
    }


def test_the_server_knows_every_variable_that_it_is_given(compose: Any):
    # The template that the image's server fills in is in the dev server's binary too, of the same version.
    binary = temporal_cli().resolve().read_bytes()
    template = binary.find(b"# enable-template\nlog:")
    if template < 0:
        pytest.skip("this Temporal CLI keeps the server's template in another form")
    known = {name.decode() for name in re.findall(rb'env "(\w+)"', binary[template : template + 30_000])}
    given = compose["services"]["temporal"]["environment"].keys() | {"POSTGRES_PWD"}
    assert given - known == set()


def test_prometheus_asks_workers_and_temporal_where_they_answer(compose: Any):
    folder = HOUSE / "deploy" / "prometheus"
    config = yaml.safe_load((folder / "prometheus.yaml").read_text())
    workers, temporal = config["scrape_configs"]
    (found,) = workers["dns_sd_configs"]
    port = stages()[-1].environment["AFTERCARE_MONITORING_ADDRESS"].rpartition(":")[2]
    assert (found["names"], str(found["port"])) == (["worker"], port)
    endpoint = compose["services"]["temporal"]["environment"]["PROMETHEUS_ENDPOINT"]
    assert temporal["static_configs"][0]["targets"] == [f"temporal:{endpoint.rpartition(':')[2]}"]
    networks = {name: set(service.get("networks", [])) for name, service in services(compose)}
    assert networks["prometheus"] & networks["worker"] & networks["temporal"]
    assert networks["grafana"] & networks["prometheus"]
    assert all((folder / name).exists() for name in config["rule_files"])
    jobs = set(re.findall(r'job="(\w+)"', (folder / "alerts.yaml").read_text()))
    assert jobs <= {job["job_name"] for job in config["scrape_configs"]}


def test_promtool_finds_no_fault_in_what_prometheus_reads():
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not on this machine: install your system's prometheus package")
    config = HOUSE / "deploy" / "prometheus" / "prometheus.yaml"
    checked = subprocess.run(["promtool", "check", "config", str(config)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_one_keeps_is_not_thrown_away_with_a_container(compose: Any):
    kept = {volume.split(":")[1] for _, service in services(compose) for volume in service.get("volumes", [])}
    assert {"/var/lib/postgresql/data", "/keys"} <= kept
