"""Settings of every process, from the environment (``AFTERCARE_…``); each field says what it is for."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class MailKind(StrEnum):
    OUTBOX = "outbox"
    """Mails are written as ``.eml`` files one can open."""
    SMTP = "smtp"
    NONE = "none"


class Tls(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class Settings(BaseSettings):
    """What a process needs to know of the world."""

    model_config = SettingsConfigDict(env_prefix="AFTERCARE_", frozen=True, extra="ignore")

    temporal_address: str = "127.0.0.1:7233"
    """host:port of the Temporal frontend."""
    temporal_namespace: str = "default"
    """Namespace the workflows live in."""
    task_queue: str = "aftercare"
    """Task queue that workers poll; more workers on the same queue share the work."""
    home: Path = Path("~/.aftercare")
    """Folder of the development server's state, the SQLite record store and the outbox."""
    records_url: str = ""
    """Record store as an SQLAlchemy URL; empty: a SQLite file in ``home``."""
    mail: MailKind = MailKind.OUTBOX
    """How notices leave: outbox, smtp or none."""
    mail_from: str = "aftercare <aftercare@localhost.localdomain>"
    """Sender of notices."""
    mail_domain: str = "aftercare.invalid"
    """Domain of Message-IDs: one you own, so that they are unique in the world."""
    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_tls: Tls = Tls.STARTTLS
    smtp_timeout_seconds: float = Field(default=30.0, gt=0)
    drain_seconds: float = Field(default=10.0, ge=0)
    """How long a worker may finish what it has begun when told to stop."""
    patience_seconds: float = Field(default=20.0, gt=0)
    """How long the command line tries a command before it says that nobody answers."""
    log_json: bool = False
    """Log lines as JSON, for machines."""
    log_level: str = "INFO"

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
