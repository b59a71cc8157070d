"""Production lived without an engine: `unshare --mount --net python -m tests.deploy.lived FOLDER`.

In a network of its own, where the names of the compose file's services are this host: a PostgreSQL set up by
deploy/postgres/owner.sh, a Temporal server, and boxes of the image that are told what the compose file tells
its containers. Two workers share requests; one is killed. What was seen is printed as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType

from contract.request import RequestState
from records import RecordStore
from runtime.binaries import temporal_cli
from runtime.connection import connect
from runtime.engines import dev_server
from runtime.leave import leave
from runtime.settings import Settings
from tests.activities.post_office import PostOffice
from tests.deploy.box import Box, Image
from tests.deploy.compose import HOUSE, env_file, filled
from tests.deploy.conftest import FILLED_IN
from tests.deploy.dockerfile import stages
from tests.engine import START, WAYS, LivedAgreement, World, eventually
from tests.postgres import Cluster, cluster, postgres_binaries

REQUESTS = 24
"""Enough that two workers both get some."""


@dataclass(frozen=True)
class Lasting:
    """A running process, and the file of its log."""

    process: Process
    log: Path


class House:
    """The compose file's services, as boxes and as what stands in for the images that are not ours."""

    def __init__(self, folder: Path, mail_port: int) -> None:
        self.folder = folder
        self.secrets, self.keys = folder / "secrets", folder / "keys"
        told = {"AFTERCARE_SMTP_PORT": str(mail_port), "AFTERCARE_SMTP_TLS": "none"}
        self.compose: Any = filled(env_file() | FILLED_IN | told)
        make_env = [HOUSE / "deploy" / "make-env.sh", folder / ".env", self.secrets]
        subprocess.run(["/bin/sh", *map(str, make_env)], check=True, stdout=sys.stderr)
        self.keys.mkdir()
        os.chown(self.keys, *stages()[-1].user)
        self.image = Image.build(folder / "image")
        self.image.hosts([*self.compose["services"], FILLED_IN["AFTERCARE_SMTP_HOST"]])

    def told(self, service: str, **differently: str) -> dict[str, str]:
        """The environment of a service."""
        given = self.compose["services"][service]["environment"] | differently
        return {name: str(value) for name, value in given.items()}

    def box(self, service: str, *command: str, **differently: str) -> Box:
        """A container of a service, with another command where one is given."""
        known = self.compose["services"][service]
        usual = known.get("command", stages()[-1].command)
        words = [*known.get("entrypoint", []), *(command or usual)]
        secrets = {name: self.secrets / name for name in known["secrets"]}
        return self.image.box(words, self.told(service, **differently), secrets, self.keys)

    def health(self, service: str) -> int:
        """What the health check of a service comes to."""
        check = self.compose["services"][service].get("healthcheck", {}).get("test", [])[1:]
        return self.box(service, *(check or stages()[-1].health_check)).run().returncode

    @asynccontextmanager
    async def lasting(self, service: str, says: str, **differently: str) -> AsyncIterator[Lasting]:
        """A container that lasts, from when it says so until the block ends or it is killed."""
        box = self.box(service, **differently)
        log = Path(tempfile.mkstemp(prefix=f"{service}-", suffix=".log", dir=self.folder)[1])
        with log.open("wb") as written:
            process = await asyncio.create_subprocess_exec(
                *box.arguments(), env=box.outside(), stdout=written, stderr=written, cwd="/"
            )
        lasting = Lasting(process, log)

        async def said() -> bool:
            assert process.returncode is None, lasting.log.read_text()
            return says in lasting.log.read_text()

        try:
            await eventually(said, f"{service} says {says}", within=100)
            yield lasting
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def worker(self, port: int) -> AbstractAsyncContextManager[Lasting]:
        """A worker; engines give each a network of its own, boxes share one and its ports."""
        return self.lasting("worker", "worker ready", AFTERCARE_MONITORING_ADDRESS=f"127.0.0.1:{port}")

    def owner(self, service: str, server: Cluster) -> None:
        """What the database's image does at its first start: run the script that is mounted for it."""
        handed = {
            secret["target"]: secret["source"] for secret in self.compose["services"][service]["secrets"]
        }
        password = self.secrets / handed["owner"]
        environment = self.told(service, OWNER_PASSWORD_FILE=str(password))
        environment |= {"PATH": f"{server.binaries}:/usr/bin:/bin", "PGHOST": str(server.directory)}
        script = HOUSE / "deploy" / "postgres" / "owner.sh"
        environment["POSTGRES_USER"] = server.owner
        subprocess.run(["/bin/sh", script], env=environment, check=True, stdout=sys.stderr)

    def namespace(self) -> None:
        """The one-shot container that makes Temporal's namespace ready."""
        environment = self.told("temporal-namespace", PATH=f"{temporal_cli().parent}:/usr/bin:/bin")
        environment["TEMPORAL_ADDRESS"] = "127.0.0.1:7233"
        script = HOUSE / "deploy" / "temporal" / "namespace.sh"
        subprocess.run(["/bin/sh", script], env=environment, check=True, stdout=sys.stderr)


@contextmanager
def databases(house: House) -> Iterator[Cluster]:
    """One server for the compose file's two; Temporal's own stays empty here."""
    binaries = postgres_binaries()
    assert binaries is not None
    with cluster(binaries, listen="127.0.0.1") as server:
        for service in ("records-db", "temporal-db"):
            house.owner(service, server)
        yield server


async def live(folder: Path) -> dict[str, Any]:
    """What was seen."""
    seen: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        mail = await (await stack.enter_async_context(PostOffice())).open()
        house = House(folder, mail.port)
        stack.enter_context(databases(house))
        await stack.enter_async_context(dev_server(port=7233, namespace="default"))
        house.namespace()
        seen["keys"] = house.box("cli", "keys", "new").run().returncode
        seen["before the migrations"] = house.box("cli", "records", "status").run().returncode
        migrations = [asyncio.to_thread(house.box("migrations").run) for _ in range(2)]
        seen["migrations"] = [done.returncode for done in await asyncio.gather(*migrations)]
        seen["after the migrations"] = house.box("cli", "records", "status").run().returncode

        first = await stack.enter_async_context(house.worker(9464))
        second = await stack.enter_async_context(house.worker(9465))
        await stack.enter_async_context(house.lasting("codec", "codec server ready"))
        seen["healthy"] = {service: house.health(service) for service in ("worker", "codec")}
        password = (house.secrets / "records_db_owner").read_text()
        settings = Settings(
            temporal_namespace="aftercare",
            records_url=f"postgresql://aftercare:{password}@127.0.0.1/aftercare",
            keyring_file=house.keys / "keyring.json",
        )
        store = await stack.enter_async_context(await RecordStore.open(settings.records))
        world = World(await connect(settings), store, settings)
        agreement = await world.agreement(mail=True)
        requests = [f"r-{number}" for number in range(REQUESTS)]
        await asyncio.gather(*(agreement.submit(request) for request in requests[: REQUESTS // 2]))
        seen["shared"] = len(await identities(agreement, requests[: REQUESTS // 2]))
        # Killed in the middle of everything that is asked next.
        rest = asyncio.gather(
            *(agreement.bring("closed", request) for request in requests[REQUESTS // 2 :]),
            *(
                agreement.tell(WAYS[RequestState.CLOSED], START, request)
                for request in requests[: REQUESTS // 2]
            ),
        )
        await asyncio.sleep(0.2)
        first.process.kill()
        await rest
        seen["closed"] = [(await agreement.status(request)).snapshot.state.value for request in requests]
        seen["kinds"] = [await told(agreement, request) for request in requests]
        seen["sound"] = [await agreement.is_sound(request) for request in requests]
        seen["on record"] = json.loads(house.box("cli", "agreement", "list", "--json").run().stdout)

        async def mailed() -> int:
            return len(mail.to("li@example.com"))

        seen["mailed"] = await eventually(mailed, "a notice")
        second.process.send_signal(signal.SIGTERM)
        seen["told to stop"] = await second.process.wait()
        seen["log"] = second.log.read_text()
    return seen


async def told(agreement: LivedAgreement, request: str) -> list[str]:
    """The kinds of what parties did to a request, as often as they are on record."""
    return [event.kind.value for event in await agreement.events(request) if event.command_id]


async def identities(agreement: LivedAgreement, requests: list[str]) -> Counter[str]:
    """The processes that did the requests' workflow tasks, with how many each did."""
    done: Counter[str] = Counter()
    for request in requests:
        async for event in agreement.request_handle(request).fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                done[event.workflow_task_completed_event_attributes.identity] += 1
    return done


def main() -> None:
    subprocess.run(["/usr/sbin/ip", "link", "set", "lo", "up"], check=True)
    print(json.dumps(asyncio.run(live(Path(sys.argv[1])))))
    leave(0)


if __name__ == "__main__":
    main()
