"""Notices told through a real mail server, as a worker tells them."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from temporalio.testing import ActivityEnvironment

from activities.mail import SmtpMailer
from activities.messages import Sender
from activities.notifications import Notifications
from contract.notices import Notice
from contract.parties import Language, Role
from records import RecordStore
from runtime.settings import Tls
from tests.activities.lives import (
    Life,
    sheet,
)
from tests.activities.post_office import HOST, PostOffice

SENDER = Sender("aftercare <service@example.com>", "example.com")
PROVIDER, CUSTOMER = "service@huaxin.example", "support@acme.example"
ADDRESS = {Role.PROVIDER: PROVIDER, Role.CUSTOMER: CUSTOMER}
EN, ZH = Language.ENGLISH, Language.CHINESE


def notifications(store: RecordStore, office: PostOffice) -> Notifications:
    return Notifications(store, SmtpMailer(HOST, office.port, tls=Tls.NONE, timeout=5), SENDER)


async def notify(told: Notifications, notice: Notice) -> None:
    """As a worker runs it."""
    await ActivityEnvironment().run(told.notify, notice)


async def begun(store: RecordStore, **changes: Any) -> Life:
    life = Life(store, sheet(**changes))
    await life.begin()
    return life


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    content: str = body.get_content()
    return content
