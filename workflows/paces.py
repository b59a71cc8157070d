"""How long things may take and how patiently they are tried: the durations and retries of the workflows.

A module of shapes only: it is passed through the sandbox, where loading ``datetime`` anew would be a
third of what starting a workflow costs.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio.common import RetryPolicy

AT_ONCE = timedelta(seconds=5)
"""A try of a local activity that records has this long, and all its tries together about as long."""
QUICK = RetryPolicy(
    initial_interval=timedelta(milliseconds=50),
    backoff_coefficient=3,
    maximum_interval=timedelta(seconds=1),
    # The SDK does not count the waits between tries that fail at once: 4.65 s by then.
    maximum_attempts=8,
)
RECORDING = timedelta(seconds=30)
"""One try of recording, when it has to be patient."""
PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
)

MAILING = timedelta(minutes=2)
"""One try of mailing notices."""
UNTIL_SENT = RetryPolicy(
    initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
)

ISSUING = timedelta(minutes=1)
"""One try of issuing an invoice."""
PROMPTLY = timedelta(hours=1)
"""An invoice that could not be issued for this long asks for somebody's attention (C7.1.3)."""
UNTIL_ISSUED = RetryPolicy(
    initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
)

UNTIL_ISSUED_AFTER_ALL = RetryPolicy(
    initial_interval=timedelta(minutes=5), backoff_coefficient=2, maximum_interval=timedelta(hours=1)
)

SOON = timedelta(milliseconds=1)
"""The shortest timer: what is due already is due now."""
NEAR = timedelta(minutes=1)
"""A timer about to fire is left to fire, unheard. Cancelling one that fires in the same workflow task
freezes the time-skipping server for good (temporalio/sdk-java #2606), and saves nothing elsewhere."""

LONG_RUN = timedelta(days=365)
"""A run of an agreement is continued as new at least once a year: no engine keeps one for ever."""

FURTHER = timedelta(days=90)
"""How much further a window of service time reaches at first when it ran to its end."""
FARTHEST = FURTHER * 4**3
