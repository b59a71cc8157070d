"""The record store: what happened, what is owed, and the state they add up to (C6.2.3).

Facts are only ever added: events in a hash chain per workflow, ledger entries that move an amount from one
account to another, versions of the terms, calendars, notifications. The database itself refuses to change
or delete them. Beside them stands the current state of agreements and requests, for lists and reports.

SQLite by default, PostgreSQL by URL; neither the engine nor the workflows are known here.
"""

from records.faults import (
    AgreementUnknown,
    CalendarOutdated,
    RecordConflict,
    RecordFault,
    RecordGap,
    SchemaNotReady,
)
from records.migrate import upgrade
from records.results import (
    Admission,
    AgreementFilter,
    Attention,
    AttentionKind,
    ChainFault,
    ChainReport,
    ComplianceLine,
    ComplianceReport,
    LowRating,
    Minute,
    Notification,
    PenaltyYear,
    PostedEntry,
    RatingReport,
    RecordedEvent,
    RequestFilter,
    RequestRecord,
    RunHistory,
    Workflow,
)
from records.store import RecordStore

__all__ = [
    "Admission",
    "AgreementFilter",
    "AgreementUnknown",
    "Attention",
    "AttentionKind",
    "CalendarOutdated",
    "ChainFault",
    "ChainReport",
    "ComplianceLine",
    "ComplianceReport",
    "LowRating",
    "Minute",
    "Notification",
    "PenaltyYear",
    "PostedEntry",
    "RatingReport",
    "RecordConflict",
    "RecordFault",
    "RecordGap",
    "RecordStore",
    "RecordedEvent",
    "RequestFilter",
    "RequestRecord",
    "RunHistory",
    "SchemaNotReady",
    "Workflow",
    "upgrade",
]
