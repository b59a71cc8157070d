"""Payloads encrypted on their way to Temporal (C5.3): what opens them, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from runtime.codec import ENCODING, KEY_ID, EncryptingCodec, KeyUnknown, PayloadRefused
from runtime.connection import data_converter
from runtime.keyring import Key, Keyring

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def key(name: str, writes_from: datetime = NOW - DAY) -> Key:
    return Key.new(writes_from).model_copy(update={"id": name})


OLD, NEW = key("old", NOW - 2 * DAY), key("new")

payloads = st.builds(
    Payload,
    metadata=st.dictionaries(st.text(max_size=8), st.binary(max_size=8), max_size=3).map(
        lambda more: more | {"encoding": b"json/plain"}
    ),
    data=st.binary(max_size=300),
)


def codec(*keys: Key, namespace: str = "default", now: datetime = NOW) -> EncryptingCodec:
    return EncryptingCodec(Keyring(keys), namespace, clock=now.timestamp)


async def seal(payload: Payload, by: EncryptingCodec) -> Payload:
    [sealed] = await by.encode([payload])
    return sealed


async def opened(payload: Payload, by: EncryptingCodec) -> Payload:
    [found] = await by.decode([payload])
    return found


@given(st.lists(payloads, max_size=4))
async def test_what_was_encrypted_opens_as_it_was(given: list[Payload]):
    sealed = await codec(NEW).encode(given)
    assert await codec(OLD, NEW).decode(sealed) == given


@given(payloads)
async def test_an_encrypted_payload_shows_its_key_and_nothing_else(given: Payload):
    sealed = await seal(given, codec(NEW))
    assert dict(sealed.metadata) == {"encoding": ENCODING, KEY_ID: b"new"}
    assert len(sealed.data) == 1 + 12 + len(given.SerializeToString()) + 16
    if len(given.data) > 7:
        assert given.data not in sealed.data


async def test_the_same_payload_never_reads_the_same_twice():
    payload = Payload(metadata={"encoding": b"json/plain"}, data=b'"yes"')
    by = codec(NEW)
    assert len({(await seal(payload, by)).data[:13] for _ in range(1000)}) == 1000


@given(payloads, st.data())
async def test_a_payload_in_which_any_byte_was_changed_is_refused(given: Payload, data: st.DataObject):
    sealed = await seal(given, codec(NEW))
    place = data.draw(st.integers(0, len(sealed.data) - 1))
    changed = bytearray(sealed.data)
    changed[place] ^= data.draw(st.integers(1, 255))
    sealed.data = bytes(changed)
    with pytest.raises(PayloadRefused):
        await opened(sealed, codec(NEW))


@given(payloads, st.data())
async def test_a_payload_that_was_cut_short_is_refused(given: Payload, data: st.DataObject):
    sealed = await seal(given, codec(NEW))
    sealed.data = sealed.data[: data.draw(st.integers(0, len(sealed.data) - 1))]
    with pytest.raises(PayloadRefused):
        await opened(sealed, codec(NEW))


async def test_a_payload_said_to_be_under_another_key_is_refused():
    twin = OLD.model_copy(update={"secret": NEW.secret})
    sealed = await seal(Payload(data=b"x"), codec(NEW))
    sealed.metadata[KEY_ID] = b"old"
    with pytest.raises(PayloadRefused):
        await opened(sealed, codec(twin, NEW))


@given(payloads)
async def test_a_payload_of_another_namespace_is_refused(given: Payload):
    sealed = await seal(given, codec(NEW, namespace="staging"))
    with pytest.raises(PayloadRefused, match="another namespace"):
        await opened(sealed, codec(NEW, namespace="default"))


async def test_an_unknown_key_is_named_and_nothing_of_the_payload_is():
    sealed = await seal(Payload(data=b"the printer"), codec(NEW))
    with pytest.raises(KeyUnknown, match="key new, which is not in the keyring") as problem:
        await opened(sealed, codec(OLD))
    assert "printer" not in str(problem.value)


async def test_a_payload_from_before_encryption_passes_as_it_is():
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"plain"')
    assert await opened(plain, codec(NEW)) == plain


async def test_the_newest_key_writes_and_older_ones_read():
    before = await seal(Payload(data=b"x"), codec(OLD))
    rotated = codec(OLD, NEW)
    assert (await opened(before, rotated)).data == b"x"
    assert (await seal(Payload(data=b"x"), rotated)).metadata[KEY_ID] == b"new"


async def test_a_key_handed_out_ahead_begins_to_write_at_its_hour():
    hour = [NOW.timestamp()]
    by = EncryptingCodec(Keyring([OLD, key("next", NOW + DAY)]), "default", clock=lambda: hour[0])
    assert (await seal(Payload(), by)).metadata[KEY_ID] == b"old"
    hour[0] += DAY.total_seconds()
    assert (await seal(Payload(), by)).metadata[KEY_ID] == b"next"


async def test_a_key_added_to_the_file_is_known_to_a_codec_at_work():
    rings = [Keyring([OLD])]
    by = EncryptingCodec(rings[0], "default", lambda: rings[-1], NOW.timestamp)
    sealed = await seal(Payload(data=b"x"), codec(NEW))
    with pytest.raises(KeyUnknown):
        await opened(sealed, by)
    rings.append(Keyring([NEW]))
    assert (await opened(sealed, by)).data == b"x"
    assert (await opened(await seal(Payload(data=b"y"), codec(OLD)), by)).data == b"y"


async def test_a_failure_carries_its_message_and_place_encrypted():
    converter = data_converter(codec(NEW))
    try:
        raise ApplicationError("the printer of Wang Fang", "her note", type="refused")
    except ApplicationError as problem:
        failure = Failure()
        await converter.encode_failure(problem, failure)
    raw = failure.SerializeToString()
    assert b"printer" not in raw
    assert b"note" not in raw
    assert Path(__file__).name.encode() not in raw
    read = await converter.decode_failure(failure)
    assert isinstance(read, ApplicationError)
    assert (read.message, read.details, read.type) == ("the printer of Wang Fang", ("her note",), "refused")
