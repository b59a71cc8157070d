"""A mailer that tells what came of every mail it was given."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage

from activities.mail import Mailer, MailRefused, MailUnavailable


class CountedMailer:
    """Another mailer, whose every attempt is told: sent, refused, unavailable or failed."""

    def __init__(self, mailer: Mailer, told: Callable[[str], None]) -> None:
        self._mailer = mailer
        self._told = told

    async def send(self, message: EmailMessage) -> str:
        outcome = "failed"
        try:
            answer = await self._mailer.send(message)
            outcome = "sent"
        except MailRefused:
            outcome = "refused"
            raise
        except MailUnavailable:
            outcome = "unavailable"
            raise
        finally:
            self._told(outcome)
        return answer
