"""Settings of every process: what there is to set, what each is for, and which values go together.

A value comes from the environment (``AFTERCARE_…``), else from the profile, a TOML file, else it is the
default given here. Which it was, and every fault at once, is told by :mod:`runtime.profile`;
docs/settings.md is made from this module.
"""

from __future__ import annotations

import json
import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr
from pydantic.functional_validators import AfterValidator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "AFTERCARE_"
PROFILE = "AFTERCARE_PROFILE"
"""The variable that names the profile; empty for none."""

LOOPBACK = "127.0.0.1"
_ADDRESS = re.compile(r"^([\w.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}$")


class Mode(StrEnum):
    DEVELOPMENT = "development"
    """For this machine: everything has a default that works at once."""
    PRODUCTION = "production"
    """What would lose something without being set must be set; payloads are encrypted; logs are JSON."""


class MailKind(StrEnum):
    OUTBOX = "outbox"
    """Mails are written as ``.eml`` files one can open."""
    SMTP = "smtp"
    NONE = "none"


class Tls(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"

    @classmethod
    def _missing_(cls, value: object) -> LogLevel | None:
        return cls.__members__.get(str(value).upper())


def _address(text: str) -> str:
    if not _ADDRESS.match(text) or int(text.rpartition(":")[2]) > 65535:
        raise ValueError("HOST:PORT")
    return text


def _listening(text: str) -> str:
    try:
        return _address(f"{LOOPBACK}:{text}" if text.isdecimal() else text)
    except ValueError:
        raise ValueError(f"HOST:PORT, or PORT for one on {LOOPBACK}") from None


def _web(text: str) -> str:
    if not re.match(r"^https?://[^/\s]+", text):
        raise ValueError("a URL, http://… or https://…")
    return text


def _database(text: str) -> str:
    if text and not re.match(r"^(sqlite|postgres(ql)?)(\+\w+)?://", text):
        raise ValueError("sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    return text


def _provider(text: str) -> str:
    if not re.match(r"^(builtin|[A-Za-z_][\w.]*:[A-Za-z_]\w*)$", text):
        raise ValueError("builtin, or MODULE:FACTORY")
    return text


def _object(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value or "{}")
    except ValueError:
        raise ValueError('a JSON object such as {"li-ming": "TOKEN"}') from None


def _list(value: Any) -> Any:
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _set(value: Any) -> Any:
    """An empty variable is how compose files leave something unset."""
    return None if value == "" else value


Address = Annotated[str, AfterValidator(_address)]
Listening = Annotated[str, BeforeValidator(str), AfterValidator(_listening)]
File = Annotated[Path, AfterValidator(Path.expanduser)]
Web = Annotated[str, AfterValidator(_web)]
Provider = Annotated[str, AfterValidator(_provider)]
Maybe = BeforeValidator(_set)


class Settings(BaseSettings):
    """What a process needs to know of the world."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    mode: Mode = Mode.DEVELOPMENT
    """`development`, or `production`: no default that would lose something; payloads encrypted; logs JSON."""
    home: Path = Path("~/.aftercare")
    """Folder of the development server's state, the SQLite record store and the outbox."""

    temporal_address: Address = "127.0.0.1:7233"
    """`HOST:PORT` of the Temporal frontend."""
    temporal_namespace: str = Field(default="default", min_length=1)
    """Namespace the workflows live in."""
    task_queue: str = Field(default="aftercare", min_length=1)
    """Task queue that workers poll; more workers on the same queue share the work."""
    temporal_tls: Annotated[bool | None, Maybe] = None
    """Whether Temporal is spoken to over TLS; unset: when a certificate, server name or API key is set."""
    temporal_tls_ca: Annotated[File | None, Maybe] = None
    """File (PEM) with the authorities that vouch for the server; unset: the machine's own."""
    temporal_tls_server_name: Annotated[str | None, Maybe] = None
    """Name that the server's certificate must carry, where it is not the address."""
    temporal_tls_cert: Annotated[File | None, Maybe] = None
    """File (PEM) with the certificate by which this process proves itself to the server (mTLS)."""
    temporal_tls_key: Annotated[File | None, Maybe] = None
    """File (PEM) with that certificate's private key."""
    temporal_api_key: Annotated[SecretStr | None, Maybe] = None
    """API key, as Temporal Cloud issues them; only ever sent over TLS."""

    keyring: Annotated[SecretStr | None, Maybe] = None
    """Keys that payloads are encrypted with: what is in the file that `aftercare keys new` makes."""
    keyring_file: Annotated[File | None, Maybe] = None
    """That file itself; unset, and without `keyring`: `keys.json` in `home`, where there is one."""
    codec_address: Listening = f"{LOOPBACK}:8234"
    """`HOST:PORT`, or `PORT` on loopback, of `aftercare codec-server`; beyond loopback with TLS only."""
    codec_operators: Annotated[dict[str, SecretStr], NoDecode, BeforeValidator(_object)] = {}
    """Who sees payloads in clear in Temporal's UI: names and tokens, as a JSON object or a TOML table."""
    codec_ui_origins: Annotated[list[Web], NoDecode, BeforeValidator(_list)] = ["http://127.0.0.1:8233"]
    """Origins of that UI, separated by commas; pages of other origins get nothing from the codec server."""
    codec_cert: Annotated[File | None, Maybe] = None
    """File (PEM) with the codec server's certificate; unset: TLS is left to a proxy in front of it."""
    codec_key: Annotated[File | None, Maybe] = None
    """File (PEM) with that certificate's private key."""

    records_url: Annotated[str, AfterValidator(_database)] = ""
    """Record store as a `sqlite:///FILE` or `postgresql://…` URL; empty: the file `records.db` in `home`."""
    record_connections: int = Field(default=10, ge=1, le=1000)
    """Connections to the record store that a process holds at most."""

    mail: MailKind = MailKind.OUTBOX
    """How notices leave: `outbox` (files in `home`), `smtp` or `none`."""
    mail_from: str = "aftercare <aftercare@localhost.localdomain>"
    """Sender of notices."""
    mail_domain: str = "aftercare.invalid"
    """Domain of Message-IDs: one you own, so that they are unique in the world."""
    smtp_host: str = LOOPBACK
    """Host of the SMTP server."""
    smtp_port: int = Field(default=25, ge=1, le=65535)
    """Its port."""
    smtp_username: Annotated[str | None, Maybe] = None
    """User to log in as; unset: no login."""
    smtp_password: Annotated[SecretStr | None, Maybe] = None
    """That user's password."""
    smtp_tls: Tls = Tls.STARTTLS
    """`starttls`, `implicit` (TLS from the first byte) or `none`."""
    smtp_timeout_seconds: float = Field(default=30.0, gt=0)
    """Seconds for each step of the SMTP dialogue."""

    invoices: Provider = "builtin"
    """Who issues invoices: `builtin`, or the `module:factory` of a plug-in (docs/invoices.md)."""

    drain_seconds: float = Field(default=10.0, ge=0)
    """How long a worker may finish what it has begun when told to stop."""
    max_cached_workflows: int = Field(default=2000, ge=0)
    """Workflows a worker keeps in memory, about 0.1 MB each; others are replayed from their history."""
    max_concurrent_workflow_tasks: Annotated[Annotated[int, Field(ge=2)] | None, Maybe] = None
    """Workflow tasks a worker handles at a time; unset: 100."""
    max_concurrent_activities: Annotated[Annotated[int, Field(ge=1)] | None, Maybe] = None
    """Activities (notices, calendars) a worker runs at a time; unset: 100."""
    max_concurrent_local_activities: Annotated[Annotated[int, Field(ge=1)] | None, Maybe] = None
    """Local activities (the record) a worker runs at a time; unset: 100."""
    max_pollers: int = Field(default=100, ge=1)
    """Most polls a worker keeps open for each kind of task; how many it needs it finds out by itself."""
    patience_seconds: float = Field(default=20.0, gt=0)
    """How long the command line tries a command before it says that nobody answers."""

    monitoring_address: Annotated[Listening | None, Maybe] = None
    """`HOST:PORT`, or `PORT` on loopback, where a worker answers `/livez`, `/readyz` and `/metrics`.

    Unset: nowhere."""
    log_level: LogLevel = LogLevel.INFO
    """Least important log line that is written: `DEBUG`, `INFO`, `WARNING` or `ERROR`."""
    log_json: Annotated[bool | None, Maybe] = None
    """Log lines as JSON, for machines; unset: in production."""
    traces_endpoint: Annotated[Web | None, Maybe] = None
    """Where OpenTelemetry traces go, OTLP over gRPC, such as `http://127.0.0.1:4317`.

    Unset: none are made."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """In the order in which they count."""
        profile = TomlConfigSettingsSource(settings_cls, toml_file=profile_file())
        return init_settings, env_settings, profile

    @property
    def production(self) -> bool:
        return self.mode is Mode.PRODUCTION

    @property
    def json_logs(self) -> bool:
        return self.production if self.log_json is None else self.log_json

    @property
    def tls(self) -> bool:
        """Whether Temporal is spoken to over TLS."""
        if self.temporal_tls is not None:
            return self.temporal_tls
        return any(getattr(self, name) is not None for name in NEED_TLS)

    @property
    def home_folder(self) -> Path:
        return self.home.expanduser()

    @property
    def records(self) -> str:
        """The record store's URL, with the default filled in."""
        return self.records_url or f"sqlite:///{self.home_folder / 'records.db'}"

    @property
    def outbox(self) -> Path:
        return self.home_folder / "outbox"


SECRET = frozenset({"codec_operators", "keyring", "temporal_api_key", "records_url", "smtp_password"})
"""Settings whose values are never shown. In the environment each may be given as a file: ``…_FILE``."""

NEED_TLS = (
    "temporal_tls_ca",
    "temporal_tls_server_name",
    "temporal_tls_cert",
    "temporal_tls_key",
    "temporal_api_key",
)

OTHER_VARIABLES = {
    PROFILE: "the profile, a TOML file; empty: none; unset: `aftercare.toml` in the home folder, if there",
    "AFTERCARE_BY": "who acts, for commands that take `--by`",
    "AFTERCARE_TEMPORAL_CLI": "the `temporal` binary whose dev server `aftercare dev` runs",
    "AFTERCARE_TEST_SERVER": "the time-skipping server that `aftercare demo` and `aftercare rehearse` run",
}
"""Variables of ours that are no settings: a profile cannot hold them."""


def profile_file() -> Path | None:
    """The profile that counts, if there is one: the one that is named, else the one in the home folder."""
    named = os.environ.get(PROFILE)
    if named is not None:
        return Path(named).expanduser() if named else None
    home = os.environ.get(f"{PREFIX}HOME") or str(Settings.model_fields["home"].default)
    found = Path(home).expanduser() / "aftercare.toml"
    return found if found.is_file() else None
