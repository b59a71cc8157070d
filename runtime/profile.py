"""The settings in force: every value with where it came from, or every fault with where it was made.

Stronger first: a variable ``AFTERCARE_…``; for a secret, the file that ``AFTERCARE_…_FILE`` names; the
profile; the default. Unknown names are faults, for a setting that is misspelt is a setting that is not in
force. No fault and no listing repeats a secret.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from contract.faults import Fault, Faulty, faults_of
from runtime.settings import NEED_TLS, OTHER_VARIABLES, PREFIX, SECRET, MailKind, Settings, profile_file

ENVIRONMENT, DEFAULT, GIVEN = "environment", "default", "command line"
_LINK = re.compile(r"AFTERCARE_((\w+_)?SERVICE_(HOST|PORT(_\w+)?)|(\w+_)?PORT_\d+_(TCP|UDP)(_\w+)?|PORT)")
HIDDEN = "(set, not shown)"


@dataclass(frozen=True, slots=True)
class InForce:
    """Settings, and for each where its value came from."""

    settings: Settings
    profile: Path | None
    sources: Mapping[str, str]
    """By the setting's name: a variable, the profile's path, or ``default``."""

    def shown(self) -> Iterator[tuple[str, Any, str]]:
        """Name, value and source of each setting, in order; without secrets."""
        for name in Settings.model_fields:
            value = getattr(self.settings, name)
            yield name, HIDDEN if name in SECRET and value else value, self.sources.get(name, DEFAULT)


@dataclass
class _Given:
    """What was found of one setting after another, and what is wrong with it."""

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def take(self, name: str, value: Any, source: str) -> None:
        self.values[name], self.sources[name] = value, source

    def fault(self, name: str, given: str, allowed: str) -> None:
        """A fault in a setting, wherever its value came from."""
        source = self.sources.get(name, DEFAULT)
        if source == DEFAULT or source.startswith(PREFIX):
            made_in = variable(name) if source == DEFAULT else source
            self.faults.append(_in_environment(made_in, given, allowed))
        else:
            self.faults.append(Fault(path=name, clause=source, given=given, allowed=allowed))


def variable(name: str) -> str:
    """The variable of a setting."""
    return f"{PREFIX}{name.upper()}"


def in_force(**given: Any) -> InForce:
    """The settings of this process, with ``given`` ones before all others.

    Raises Faulty with every fault of the environment and the profile: unknown names, values that cannot be
    read, values that do not go together, and what production mode needs and has not.
    """
    found = _Given()
    profile = profile_file()
    if profile is not None:
        _read_profile(profile, found)
    _read_environment(os.environ, found)
    for name, value in given.items():
        found.take(name, value, GIVEN)
    settings = _settings(found)
    wrong = {fault.path for fault in found.faults}
    for name, was, allowed in rules(settings):
        if not wrong & {name, variable(name)}:
            found.fault(name, was, allowed)
    if found.faults:
        raise Faulty("settings", found.faults)
    return InForce(settings, profile, found.sources)


def rules(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """What single values do not show: setting, what is given, what is allowed."""
    for name in ("temporal_tls_ca", "temporal_tls_cert", "temporal_tls_key"):
        file = getattr(settings, name)
        if file is not None and not os.access(file, os.R_OK):
            yield name, str(file), "a file that can be read"
    if (settings.temporal_tls_cert is None) != (settings.temporal_tls_key is None):
        missing = "temporal_tls_key" if settings.temporal_tls_key is None else "temporal_tls_cert"
        yield missing, "nothing", "a file: certificate and key go together"
    if settings.temporal_tls is False:
        for name in NEED_TLS:
            if getattr(settings, name) is not None:
                yield "temporal_tls", "false", f"true, or no {name}"
    if settings.traces_endpoint is not None and not _installed("opentelemetry.exporter.otlp.proto.grpc"):
        installed = "aftercare installed with its extra: pip install 'aftercare[tracing]'"
        yield "traces_endpoint", settings.traces_endpoint, f"nothing, or {installed}"
    if settings.smtp_password is not None and settings.smtp_username is None:
        yield "smtp_username", "nothing", "the user whose password smtp_password is"
    if settings.production:
        yield from _production_rules(settings)


def _production_rules(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Defaults that are right on one's own machine, and would lose something elsewhere."""
    told = settings.model_fields_set
    if not settings.records_url:
        yield "records_url", "nothing", "the record store's URL (production mode)"
    if "mail" not in told:
        yield "mail", "nothing", "smtp; or outbox or none, if that is meant (production mode)"
    if settings.mail is MailKind.SMTP:
        for name in ("mail_from", "mail_domain"):
            if name not in told:
                yield name, "nothing", "the provider's own (production mode)"


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _read_profile(file: Path, found: _Given) -> None:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "not text in UTF-8"
        found.faults.append(_in_environment(f"{PREFIX}PROFILE", f"{file} ({reason})", "a TOML file"))
        return
    except tomllib.TOMLDecodeError as problem:
        found.faults.append(Fault(path=str(file), clause="profile", given=str(problem), allowed="TOML"))
        return
    for name, value in content.items():
        if name in Settings.model_fields:
            found.take(name, value, str(file))
        else:
            nearest = _nearest(name, list(Settings.model_fields))
            found.faults.append(Fault(path=name, clause=str(file), given=_UNKNOWN, allowed=nearest))


def _read_environment(environment: Mapping[str, str], found: _Given) -> None:
    variables = {variable(name): name for name in Settings.model_fields}
    files = {f"{variable(name)}_FILE": name for name in SECRET}
    for name, value in sorted(environment.items()):
        if name in variables:
            found.take(variables[name], value, name)
        elif name in files and value:
            _read_secret(name, Path(value), files[name], environment, found)
        elif name.startswith(PREFIX) and name not in {*files, *OTHER_VARIABLES} and not _of_kubernetes(name):
            nearest = _nearest(name, [*variables, *files, *OTHER_VARIABLES])
            found.faults.append(_in_environment(name, _UNKNOWN, nearest))


def _read_secret(named_by: str, file: Path, name: str, environment: Mapping[str, str], found: _Given) -> None:
    if variable(name) in environment:
        found.faults.append(_in_environment(named_by, str(file), f"this or {variable(name)}, not both"))
        return
    try:
        found.take(name, file.read_text(encoding="utf-8").strip(), named_by)
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "not text in UTF-8"
        found.faults.append(_in_environment(named_by, f"{file} ({reason})", "a file that can be read"))


def _settings(found: _Given) -> Settings:
    """The settings; those that cannot be read are left at their defaults, so that the rules can be asked."""
    try:
        return _Collected(**found.values)
    except ValidationError as problem:
        wrong = {fault.path: fault for fault in faults_of(problem)}
    for name, fault in wrong.items():
        found.fault(name, HIDDEN if name in SECRET else fault.given, fault.allowed)
    return _Collected(**{name: value for name, value in found.values.items() if name not in wrong})


class _Collected(Settings):
    """Settings whose sources have been read: only what it is given counts."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


_UNKNOWN = "an unknown name"


def _nearest(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return close[0] if close else "those in docs/settings.md"


def _of_kubernetes(name: str) -> bool:
    """Kubernetes tells every container where a service called aftercare is, in such variables."""
    return _LINK.fullmatch(name) is not None


def _in_environment(name: str, given: str, allowed: str) -> Fault:
    return Fault(path=name, clause=ENVIRONMENT, given=given, allowed=allowed)
