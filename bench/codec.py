"""`python -m bench.codec`: what encrypting a payload costs, beside doing nothing.

Each payload is encoded and decoded by the codec and by one that hands on what it is given, in turns, so that
both meet the same machine; the ratio is the median of the pairs. Figures are microseconds there and back.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from runtime.codec import EncryptingCodec
from runtime.connection import PLAIN
from runtime.keyring import Key, Keyring
from runtime.leave import leave
from runtime.loop import run

BATCH = 100
PAIRS = 201
SIZES = {"nothing": 0, "a command": 300, "a request's file": 4_000, "a long history": 100_000}


class Identity(PayloadCodec):
    """Hands on what it is given."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)


async def there_and_back(codec: PayloadCodec, payload: Payload) -> float:
    """Microseconds for a payload, of a batch asked for one at a time as the SDK does.

    The batch is over in a millisecond: mostly within one turn of the processor.
    """
    begin = time.perf_counter()
    for _ in range(BATCH):
        await codec.decode(await codec.encode([payload]))
    return (time.perf_counter() - begin) / BATCH * 1e6


async def measure() -> None:
    codec, identity = EncryptingCodec(Keyring([Key.new()]), "default"), Identity()
    print(f"{'payload':18} {'bytes':>7} {'identity':>10} {'encrypted':>10} {'ratio':>7} {'JSON alone':>11}")
    for name, size in SIZES.items():
        text = "x" * size
        [payload] = PLAIN.payload_converter.to_payloads([text])
        pairs = [
            (await there_and_back(identity, payload), await there_and_back(codec, payload))
            for _ in range(PAIRS)
        ]
        plain, encrypted = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(after / before for before, after in pairs)
        print(
            f"{name:18} {payload.ByteSize():7} {plain:7.2f} µs {encrypted:7.2f} µs {ratio:7.1f}"
            f" {json_alone(text):8.2f} µs"
        )


def json_alone(text: str) -> float:
    """What making the payload and reading it costs without any codec, for comparison."""
    converter = PLAIN.payload_converter
    begin = time.perf_counter()
    for _ in range(BATCH):
        converter.from_payloads(converter.to_payloads([text]), [str])
    return (time.perf_counter() - begin) / BATCH * 1e6


if __name__ == "__main__":
    run(measure())
    leave(0)
