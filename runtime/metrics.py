"""Our own metrics of a worker: what it put on record, what it could not send, how the record store answers.

Counters count what this process did, each fact once: a write that is tried again and finds its facts on
record adds nothing. They begin at 0 with the process, as Prometheus expects. Gauges read from the record
store are the same from every worker: take their maximum, not their sum.

Labels have few values: states, kinds, currencies. Never an id, never content (C5.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from contract.facts import Event, EventKind, LedgerEntry
from contract.request import FINISHED, RequestState
from contract.terms import Target

# When a counter began is known from the process's own start: half the lines, for nothing.
disable_created_metrics()  # type: ignore[no-untyped-call]

OPEN_STATES = [state for state in RequestState if state not in FINISHED]
LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
OUTCOMES = ("sent", "refused", "unavailable", "failed")


class Metrics:
    """A worker's own metrics; watches its record store and its mailer."""

    def __init__(self) -> None:
        kept = CollectorRegistry()
        self._kept = kept
        ProcessCollector(registry=kept)
        PlatformCollector(registry=kept)
        release = {"version": version("aftercare")}
        Info("aftercare_build", "The release that runs.", registry=kept).info(release)
        self._events = Counter(
            "aftercare_events", "Events put on record by this process, by kind.", ["kind"], registry=kept
        )
        self._breaches = Counter(
            "aftercare_breaches",
            "Targets that were not met in time, by target; put on record by this process. Those that a later"
            " command shows to be none are in aftercare_events_total{kind='breach_reversed'}.",
            ["target"],
            registry=kept,
        )
        self._entries = Counter(
            "aftercare_ledger_entries",
            "Entries posted to the ledger by this process, by kind and currency; before the yearly cap.",
            ["kind", "currency"],
            registry=kept,
        )
        self._amounts = Counter(
            "aftercare_ledger_amount_minor",
            "Amounts of those entries, in the currency's minor units (fen, cents).",
            ["kind", "currency"],
            registry=kept,
        )
        self._open = Gauge(
            "aftercare_open_requests",
            "Requests that are open, by state, as the record store has them: the same from every worker.",
            ["state"],
            registry=kept,
        )
        self._mails = Counter(
            "aftercare_mails",
            "Mails given to the mailer by this process, every attempt, by what came of it: sent; refused for"
            " good; unavailable (tried again); failed (a fault of ours, tried again).",
            ["outcome"],
            registry=kept,
        )
        self._seconds = Histogram(
            "aftercare_record_store_seconds",
            "How long the record store took for a transaction, with waiting for a connection, by question.",
            ["question"],
            buckets=LATENCIES,
            registry=kept,
        )
        self._unanswered = Counter(
            "aftercare_record_store_failures",
            "Transactions that the record store did not answer, every attempt, by question.",
            ["question"],
            registry=kept,
        )
        self._record_store_up = Gauge(
            "aftercare_record_store_up",
            "1 while the record store answers with tables of this release.",
            registry=kept,
        )
        # What is alerted on is there from the beginning, so that its first increase is one.
        for target in Target:
            self._breaches.labels(target.value)
        self._events.labels(EventKind.INVOICE_DELAYED.value)
        for outcome in OUTCOMES:
            self._mails.labels(outcome)
        for question in ("write", "admit"):
            self._unanswered.labels(question)

    # What is on record

    def asked(self, question: str, seconds: float, answered: bool) -> None:
        self._seconds.labels(question).observe(seconds)
        if not answered:
            self._unanswered.labels(question).inc()

    def written(self, events: Sequence[Event], entries: Sequence[LedgerEntry]) -> None:
        for event in events:
            self._events.labels(event.kind.value).inc()
            if event.kind is EventKind.TARGET_BREACHED:
                self._breaches.labels(event.payload["target"]).inc()
        for entry in entries:
            labels = (entry.kind.value, entry.amount.currency)
            self._entries.labels(*labels).inc()
            self._amounts.labels(*labels).inc(entry.amount.minor)

    def stand(self, open_by_state: Mapping[RequestState, int] | None) -> None:
        """What the record store answered just now, None when it did not."""
        self._record_store_up.set(open_by_state is not None)
        if open_by_state is None:
            self._open.clear()
            return
        for state in OPEN_STATES:
            self._open.labels(state.value).set(open_by_state.get(state, 0))

    # What was sent

    def mailed(self, outcome: str) -> None:
        """A mail was given to the mailer; one of OUTCOMES came of it."""
        self._mails.labels(outcome).inc()

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self._kept)
