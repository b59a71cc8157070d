"""Every event that is told, to the right people, once — whatever the mail server does."""

from __future__ import annotations

import re

import pytest
from temporalio.exceptions import ApplicationError

from activities.messages import Sender, message_id
from contract.commands import Confirm
from contract.facts import Event, EventKind, RecordBatch
from contract.notices import Notice
from contract.parties import Role
from records import Notification, RecordStore
from tests.activities.lives import (
    LI_MING,
    local,
    said,
)
from tests.activities.post_office import PostOffice
from tests.activities.telling import (
    CUSTOMER,
    PROVIDER,
    begun,
    notifications,
    notify,
)


def test_a_message_id_is_stable_valid_and_of_one_event_and_recipient():
    one = message_id("request/A/R-1", 4, Role.CUSTOMER, "example.com")
    assert one == message_id("request/A/R-1", 4, Role.CUSTOMER, "example.com")
    assert re.fullmatch(r"<[A-Za-z0-9.]+@example\.com>", one)
    assert ".." not in one
    others = {
        message_id("request/A/R-1", 5, Role.CUSTOMER, "example.com"),
        message_id("request/A/R-1", 4, Role.PROVIDER, "example.com"),
        message_id("request/A/R-2", 4, Role.CUSTOMER, "example.com"),
        message_id("request/A/R-1", 4, Role.CUSTOMER, "example.org"),
    }
    assert len(others | {one}) == 5


@pytest.mark.parametrize("domain", ["", "example.com\n", "exa mple.com", "a@b", ".com", "a..b", "<x>"])
def test_a_domain_that_makes_no_message_id_is_refused_at_the_start(domain: str):
    with pytest.raises(ValueError, match="a domain for Message-IDs"):
        Sender("service@example.com", domain)


async def test_what_was_accepted_is_on_record_and_not_sent_again(store: RecordStore, office: PostOffice):
    await office.open()
    life = await begun(store)
    await life.submit("R-1", "2026-03-02 09:00")
    notice, _ = life.told[-1]
    for _ in range(2):
        await notify(notifications(store, office), notice)
    assert len(office.received) == 2
    kept = await store.notifications(notice.workflow_id)
    assert {(n.recipient, n.address, n.template) for n in kept} == {
        (Role.PROVIDER, PROVIDER, "zh-CN/submitted.j2"),
        (Role.CUSTOMER, CUSTOMER, "zh-CN/submitted.j2"),
    }
    assert {n.response for n in kept} == {"250 taken as 1", "250 taken as 2"}
    assert {n.message_id for n in kept} == {m["Message-ID"] for _, m in office.received}


async def test_several_events_go_in_one_call_in_their_order(store: RecordStore, office: PostOffice):
    await office.open()
    life = await begun(store)
    notice = life.told[-1][0].model_copy(update={"seqs": [4, 1, 2, 3, 3]})
    await notify(notifications(store, office), notice)
    events = [message["Aftercare-Event"].split("-")[0] for message in office.to(CUSTOMER)]
    assert events == ["1", "2", "3", "4"]


async def test_events_nobody_is_told_of_are_passed_over(store: RecordStore, office: PostOffice):
    await office.open()
    life = await begun(store)
    file = await life.submit("R-1", "2026-03-02 09:00")
    await life.step(file, Confirm(**said("2026-03-02 09:10", LI_MING)), now="2026-03-02 09:10")
    await notify(notifications(store, office), life.told[-1][0])
    assert office.received == []


async def test_while_the_server_is_down_it_is_retryable_and_then_each_goes_once(
    store: RecordStore, office: PostOffice
):
    life = await begun(store)
    await life.submit("R-1", "2026-03-02 09:00")
    notice, _ = life.told[-1]
    told = notifications(store, office)
    for _ in range(2):
        with pytest.raises(ApplicationError) as trouble:
            await notify(told, notice)
        assert trouble.value.type == "mail_unavailable"
        assert not trouble.value.non_retryable
    assert await store.notifications(notice.workflow_id) == []
    await office.open()
    await notify(told, notice)
    assert sorted(to for to, _ in office.received) == sorted([PROVIDER, CUSTOMER])


async def test_one_recipient_refused_does_not_stop_the_other(store: RecordStore, office: PostOffice):
    await office.open()
    office.refusals[PROVIDER] = f"550 5.1.1 <{PROVIDER}> unknown here"
    life = await begun(store)
    await life.submit("R-1", "2026-03-02 09:00", title="Secret plans")
    notice, _ = life.told[-1]
    told = notifications(store, office)
    with pytest.raises(ApplicationError) as first:
        await notify(told, notice)
    with pytest.raises(ApplicationError) as again:
        await notify(told, notice)
    for refusal in (first.value, again.value):
        assert (refusal.type, refusal.non_retryable) == ("mail_refused", True)
        assert str(refusal).endswith("request/ACME-1/R-1: refused for good: event 1 to provider (550)")
        assert refusal.__cause__ is None
        # Who and what, never the address.
        assert refusal.details == ({"provider": [1]},)
    assert [to for to, _ in office.received] == [CUSTOMER]


async def test_a_recipient_to_be_tried_later_does_not_stop_the_other_and_keeps_its_message_id(
    store: RecordStore, office: PostOffice
):
    await office.open()
    office.refusals[PROVIDER] = "451 4.7.1 greylisted"
    life = await begun(store)
    await life.submit("R-1", "2026-03-02 09:00")
    notice, _ = life.told[-1]
    with pytest.raises(ApplicationError, match=r"event 1 to provider \(451\)") as trouble:
        await notify(notifications(store, office), notice)
    assert trouble.value.type == "mail_unavailable"
    assert not trouble.value.non_retryable
    office.refusals.clear()
    await notify(notifications(store, office), notice)
    assert [to for to, _ in office.received] == [CUSTOMER, PROVIDER]
    expected = message_id(notice.workflow_id, 1, Role.PROVIDER, "example.com")
    assert [m["Message-ID"] for m in office.to(PROVIDER)] == [expected]


async def test_a_refusal_beside_trouble_that_passes_stays_retryable(store: RecordStore, office: PostOffice):
    await office.open()
    office.refusals = {PROVIDER: "550 unknown", CUSTOMER: "451 greylisted"}
    life = await begun(store)
    await life.submit("R-1", "2026-03-02 09:00")
    with pytest.raises(ApplicationError) as trouble:
        await notify(notifications(store, office), life.told[-1][0])
    assert (trouble.value.type, trouble.value.non_retryable) == ("mail_unavailable", False)


async def test_an_address_no_mail_can_be_written_to_is_refused_for_good(
    store: RecordStore, office: PostOffice
):
    await office.open()
    life = await begun(store, customer__contact__email="wang..fang@acme.example")
    with pytest.raises(ApplicationError) as refusal:
        await notify(notifications(store, office), life.told[0][0])
    assert (refusal.value.type, refusal.value.non_retryable) == ("mail_refused", True)
    assert "acme.example" not in str(refusal.value)
    assert [to for to, _ in office.received] == [PROVIDER]


async def test_a_crash_before_recording_sends_again_under_the_same_message_id(
    store: RecordStore, office: PostOffice, monkeypatch: pytest.MonkeyPatch
):
    await office.open()
    life = await begun(store)
    await life.submit("R-1", "2026-03-02 09:00")
    notice, _ = life.told[-1]
    told = notifications(store, office)

    async def crash(notification: Notification) -> bool:
        raise ConnectionError("the store is away")

    with monkeypatch.context() as broken:
        broken.setattr(store, "keep_notification", crash)
        with pytest.raises(ConnectionError):
            await notify(told, notice)
    await notify(told, notice)
    first, again = office.to(PROVIDER)
    assert first["Message-ID"] == again["Message-ID"]
    assert len(office.to(CUSTOMER)) == 1


async def test_what_is_not_on_record_yet_is_retried_and_the_rest_is_sent(
    store: RecordStore, office: PostOffice
):
    await office.open()
    life = await begun(store)
    notice = life.told[0][0].model_copy(update={"seqs": [1, 99]})
    with pytest.raises(ApplicationError, match="not on record: event 99") as missing:
        await notify(notifications(store, office), notice)
    assert (missing.value.type, missing.value.non_retryable) == ("not_on_record", False)
    assert len(office.received) == 2
    unknown = Notice(workflow_id="request/NONE/R-1", agreement_id="NONE", request_id="R-1", seqs=[1])
    with pytest.raises(ApplicationError) as missing:
        await notify(notifications(store, office), unknown)
    assert missing.value.type == "not_on_record"


async def test_an_event_that_cannot_be_told_holds_up_no_other_and_repeats_nothing_written(
    store: RecordStore, office: PostOffice
):
    await office.open()
    life = await begun(store, language="en")
    await life.submit("R-1", "2026-03-02 09:00", title="Secret plans")
    strange = [
        Event(
            seq=2,
            at=local("2026-03-02 09:10"),
            kind=EventKind.RATED,
            clause="C5.5",
            party=Role.CUSTOMER,
            person="Secret name",
            payload={"score": "Secret score"},
        ),
        Event(
            seq=3,
            at=local("2026-03-02 09:20"),
            kind=EventKind.RESPONDED,
            clause="C6.2.1",
            party=Role.PROVIDER,
            person="李明",
            payload={"message": "On our way."},
        ),
    ]
    await store.append(
        RecordBatch(workflow_id="request/ACME-1/R-1", agreement_id="ACME-1", request_id="R-1", events=strange)
    )
    notice = life.told[-1][0].model_copy(update={"seqs": [1, 2, 3]})
    with pytest.raises(ApplicationError) as fault:
        await notify(notifications(store, office), notice)
    assert (fault.value.type, fault.value.non_retryable) == ("mail_unwritten", False)
    assert "event 2 to provider (TypeError in " in str(fault.value)
    assert "Secret" not in str(fault.value)
    assert len(office.received) == 3
