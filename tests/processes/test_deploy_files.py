"""Alert rules and dashboard: well formed, and about metrics that there are (see test_monitoring.py)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
ALERTS = DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD = DEPLOY / "grafana" / "aftercare.json"
DOCUMENT = Path(__file__).parents[2] / "docs" / "observability.md"

OURS = re.compile(r"\b(?:aftercare|temporal|process)_[a-z_]+")
SEVERITIES = {"critical", "warning"}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


def named_in_deploy() -> set[str]:
    """Every metric that a rule or a panel asks for, but ``up``, which is Prometheus' own."""
    found = {name for expression in expressions() for name in OURS.findall(expression)}
    assert len(found) > 10
    return found


def test_every_alert_says_how_bad_it_is_and_what_it_means():
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in SEVERITIES
        assert rule["annotations"]["summary"]
        assert f"`{rule['alert']}`" in DOCUMENT.read_text(), "documented, with what to do"


def test_panels_have_titles_and_places_of_their_own_and_ask_the_chosen_source():
    places = [tuple(panel["gridPos"].items()) for panel in panels()]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in panels()}) == len(places)
    assert all(panel["title"] for panel in panels())
    assert {panel["datasource"]["uid"] for panel in panels()} == {"${datasource}"}


def test_parentheses_and_braces_of_every_expression_close():
    for expression in expressions():
        bare = re.sub(r'"[^"]*"', '""', expression)
        for opening, closing in ("()", "{}", "[]"):
            assert bare.count(opening) == bare.count(closing), expression


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (Debian: prometheus) is not installed")
def test_promtool_accepts_the_rules_and_every_expression_of_the_dashboard(tmp_path: Path):
    file = tmp_path / "panels.yaml"
    asked = [
        {"record": f"panel:expression{number}", "expr": target["expr"].replace("$job", "aftercare")}
        for number, target in enumerate(target for panel in panels() for target in panel["targets"])
    ]
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": asked}]}))
    check = ["promtool", "check", "rules", str(ALERTS), str(file)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {len(rules())} rules found" in done.stdout
