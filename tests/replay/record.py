"""Record the histories that `test_replay` replays: `python -m tests.replay.record`.

Lives the example ticket log and keeps the agreement and a few requests of it. Run it for every released
shape of the workflows and keep the older files: a run that began under one release goes on under the next.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

from contract.reading import read_terms
from runtime.leave import leave
from runtime.loop import run
from runtime.settings import MailKind, Settings
from starter.rehearsal.living import Rehearsal
from starter.rehearsal.own_format import read
from starter.stage import stage
from workflows.ids import agreement_workflow_id, request_workflow_id

HISTORIES = Path(__file__).parent / "histories"
EXAMPLES = Path(__file__).parents[2] / "examples"
RELEASE = "0.1.0"


async def record() -> None:
    terms = read_terms((EXAMPLES / "service-agreement.yaml").read_text())
    with (EXAMPLES / "tickets.csv").open(newline="") as file:
        log = read(file, ZoneInfo(terms.time_zone))
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Settings(mail=MailKind.NONE, home=Path(folder))) as on_stage:
            await Rehearsal(on_stage).live(terms, log, lambda _: None)
            temporal = on_stage.client._temporal
            ids = [agreement_workflow_id(terms.agreement_id)]
            ids += [request_workflow_id(terms.agreement_id, t.request_id) for t in log.tickets]
            for workflow_id in ids:
                history = await temporal.get_workflow_handle(workflow_id).fetch_history()
                name = workflow_id.replace("/", "~")
                text = json.dumps(json.loads(history.to_json()), separators=(",", ":"))
                (HISTORIES / f"{RELEASE}~{name}.json").write_text(text)


if __name__ == "__main__":
    run(record())
    leave(0)
