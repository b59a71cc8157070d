"""A letter as a mail message: headers, a text part and an HTML part.

The Message-ID is made of business facts and stays the same however often a mail is tried, so that a
receiver can tell a mail that comes twice. Headers hold nothing that could start another header.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address, HeaderRegistry, MessageIDHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from activities.letters import Matter
from activities.mail import (
    AGREEMENT_HEADER,
    AT_HEADER,
    CHAIN_HEADER,
    EVENT_HEADER,
    REQUEST_HEADER,
    MailRefused,
)
from activities.stationery import one_line, template_of, written
from contract.parties import Contact, Role
from records.results import KeptFile

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")

_headers = HeaderRegistry()
# Else an id that is long would be folded into an encoded word. Typeshed takes the class for a mix-in.
_headers.map_to_type("references", MessageIDHeader)  # type: ignore[arg-type]
_POLICY = SMTP.clone(cte_type="7bit", header_factory=_headers)


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name mails leave, and the domain that makes their Message-IDs unique in the world."""

    mailbox: str
    """``aftercare <service@example.com>``, or the address alone."""
    domain: str

    def __post_init__(self) -> None:
        if not _DOMAIN.fullmatch(self.domain):
            raise ValueError("a domain for Message-IDs such as example.com")
        if "@" not in parseaddr(self.mailbox)[1]:
            raise ValueError("a sender such as aftercare <service@example.com>")

    @property
    def address(self) -> Address:
        name, address = parseaddr(self.mailbox)
        return Address(one_line(name), addr_spec=address)


def message_id(workflow_id: str, seq: int, recipient: Role, domain: str) -> str:
    """The Message-ID of the mail that tells an event to a party: the same for ever (RFC 5322, 3.6.4)."""
    digest = hashlib.sha256(f"{workflow_id}\n{seq}\n{recipient}".encode()).hexdigest()
    return f"<{seq}.{recipient}.{digest[:32]}@{domain}>"


def compose(matter: Matter, reader: Role, sender: Sender, attached: Sequence[KeptFile] = ()) -> EmailMessage:
    """The mail that tells a matter to a party, in its language, with what is attached to it.

    Raises MailRefused when the party's address cannot be written to, jinja2's UndefinedError when the
    event lacks what its template speaks of.
    """
    event, party = matter.event, matter.party(reader)
    template = template_of(event.kind, party.language)
    subject, text, html = written(template, party.language, matter.facts(reader))
    message = EmailMessage(policy=_POLICY)
    message["Message-ID"] = message_id(matter.workflow_id, event.seq, reader, sender.domain)
    if event.seq > 1:  # the first event of every workflow is told to both: the mails about it hang together
        message["References"] = message_id(matter.workflow_id, 1, reader, sender.domain)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["From"] = sender.address
    message["To"] = _recipient(party.contact)
    message["Subject"] = one_line(subject)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    message[AGREEMENT_HEADER] = matter.agreement.agreement_id
    if matter.request is not None:
        message[REQUEST_HEADER] = matter.request.request_id
    message[EVENT_HEADER] = f"{event.seq}-{event.kind}-{reader}"
    message[AT_HEADER] = event.at.isoformat()
    message[CHAIN_HEADER] = f"{event.seq} {matter.hash}"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    for file in attached:
        maintype, _, subtype = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=file.name)
    message["Content-Language"] = party.language.value  # after the content, which brings its own headers
    return message


def _recipient(contact: Contact) -> Address:
    local, _, domain = contact.email.rpartition("@")
    try:
        return Address(one_line(contact.name), addr_spec=f"{local}@{domain.encode('idna').decode()}")
    except (ValueError, IndexError, HeaderParseError):
        raise MailRefused(None) from None
