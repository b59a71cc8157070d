"""Offers, signatures and the admission of requests through the real workflow (C4.1, C6.1.1, C10.2)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from contract.facts import EventKind
from contract.parties import Actor, Role
from contract.refusals import RefusalKind
from contract.terms import TermSheet, canonical_bytes
from starter.errors import CommandRefused, Unknown
from tests.engine import (
    ACTORS,
    CUSTOMER,
    HOUR,
    PROVIDER,
    SECOND,
    START,
    STRANGER,
    LivedAgreement,
    R,
    World,
)
from workflows.payloads import AgreementReceipt, Receipt, Ways

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="module")]

OTHER_DIGEST = "0" * 64


@pytest.fixture
def world(shared_world: World) -> World:
    return shared_world


def with_other_fee(agreement: LivedAgreement) -> TermSheet:
    fees = agreement.terms.fees.model_copy(update={"amount": agreement.terms.fees.amount + 1})
    return agreement.terms.model_copy(update={"fees": fees})


# The offer


async def test_an_offer_is_on_record_with_its_terms_as_they_will_be_signed_c10_2(world: World):
    agreement = await world.offer()
    assert agreement.offered.recorded
    (offered,) = await agreement.events(None)
    assert (offered.kind, offered.at, offered.clause, offered.seq) == (EventKind.OFFERED, START, "C4.1", 1)
    document = await world.store.terms(agreement.id, 1)
    assert document is not None
    assert document.canonical.encode() == canonical_bytes(agreement.terms)
    assert document.digest == agreement.digest


async def test_the_same_terms_offered_again_are_the_same_offer(world: World):
    agreement = await world.offer()
    again = await world.client.offer(agreement.terms, at=START + SECOND, ways=Ways(mail=False))
    assert again.offered_at == START
    assert again.receipt == agreement.offered.receipt
    assert await agreement.kinds(None) == ["offered"]


async def test_other_terms_under_an_agreement_id_in_use_are_refused_and_change_nothing_c10_1(world: World):
    agreement = await world.offer()
    with pytest.raises(CommandRefused) as problem:
        await world.client.offer(with_other_fee(agreement), at=START, ways=Ways(mail=False))
    assert (problem.value.kind, problem.value.refusal.clause) == (RefusalKind.OTHER_CONTENT, "C10.1")
    assert (await agreement.standing()).receipt.digest == agreement.digest


# Signatures


async def test_both_signatures_put_the_agreement_in_force_from_the_second_c4_1(world: World):
    agreement = await world.offer()
    first = await agreement.sign(CUSTOMER, command_id="signature-1")
    assert (first.state, first.signed_by, first.effective_at) == ("offered", ["customer"], None)
    second = await agreement.sign(PROVIDER, title="董事长", seal_digest="ab" * 32)
    assert (second.state, second.signed_by) == ("active", ["customer", "provider"])
    assert second.effective_at == START
    _, signed, sealed, activated = await agreement.events(None)
    assert (signed.kind, signed.party, signed.person) == (EventKind.SIGNED, Role.CUSTOMER, CUSTOMER.person)
    assert signed.command_id == "signature-1"
    assert signed.payload == {"digest": agreement.digest, "title": "director"}
    assert sealed.payload == {"digest": agreement.digest, "title": "董事长", "seal_digest": "ab" * 32}
    assert (activated.kind, activated.clause, activated.party) == (EventKind.ACTIVATED, "C4.1", None)
    assert activated.payload["effective_date"] == "2026-03-02"
    stored = await world.store.agreement(agreement.id)
    assert stored is not None
    assert (stored.state, stored.effective_at) == ("active", START)
    assert await agreement.is_sound(None)


async def test_both_parties_may_sign_at_once_c4_1(world: World):
    agreement = await world.offer()
    receipts = await asyncio.gather(*(agreement.sign(actor) for actor in ACTORS.values()))
    assert "active" in {receipt.state for receipt in receipts}
    assert await agreement.kinds(None) == ["offered", "signed", "signed", "activated"]


async def test_a_signature_under_other_terms_is_refused_with_the_digest_on_offer_c10_2(world: World):
    agreement = await world.offer()
    with pytest.raises(CommandRefused) as problem:
        await agreement.sign(PROVIDER, digest=OTHER_DIGEST)
    refusal = problem.value.refusal
    assert (refusal.kind, refusal.clause) == (RefusalKind.WRONG_DIGEST, "C10.2")
    assert refusal.allowed == [agreement.digest]
    assert await agreement.kinds(None) == ["offered"]


async def test_a_party_signs_once_however_many_of_its_people_sign_c4_1(world: World):
    agreement = await world.offer()
    await agreement.sign(PROVIDER)
    with pytest.raises(CommandRefused) as problem:
        await agreement.sign(Actor(party="huaxin", person="Somebody Else"))
    assert problem.value.kind is RefusalKind.ALREADY_DONE
    assert problem.value.refusal.allowed == ["sign as customer"]
    assert await agreement.kinds(None) == ["offered", "signed"]


async def test_a_signature_told_twice_is_one_signature(world: World):
    agreement = await world.offer()
    told = [agreement.sign(PROVIDER, command_id="mine") for _ in range(3)]
    receipts = await asyncio.gather(*told)
    assert {tuple(receipt.signed_by) for receipt in receipts} == {("provider",)}
    assert await agreement.kinds(None) == ["offered", "signed"]


async def test_another_signature_under_the_id_of_one_is_refused(world: World):
    agreement = await world.offer()
    await agreement.sign(PROVIDER, command_id="mine")
    with pytest.raises(CommandRefused) as problem:
        await agreement.sign(PROVIDER, command_id="mine", title="somebody else")
    assert problem.value.kind is RefusalKind.OTHER_CONTENT
    assert await agreement.kinds(None) == ["offered", "signed"]


@pytest.mark.parametrize("act", ["sign", "refuse_offer", "withdraw_offer"])
async def test_one_of_neither_party_may_do_nothing_with_an_offer_c1(world: World, act: str):
    agreement = await world.offer()
    given = {"digest": agreement.digest, "title": "director"} if act == "sign" else {}
    with pytest.raises(CommandRefused) as problem:
        await getattr(world.client, act)(agreement.id, STRANGER, at=START, **given)
    assert (problem.value.kind, problem.value.refusal.clause) == (RefusalKind.WRONG_PARTY, "C1")
    assert problem.value.refusal.allowed == ["huaxin", "acme"]
    assert await agreement.kinds(None) == ["offered"]


@pytest.mark.parametrize("role", Role)
async def test_either_party_may_refuse_an_offer_and_that_ends_it_c4_1(world: World, role: Role):
    agreement = await world.offer()
    receipt = await world.client.refuse_offer(agreement.id, ACTORS[role], reason="Too dear", at=START)
    assert receipt.state == "refused"
    refused = (await agreement.events(None))[-1]
    assert (refused.kind, refused.party, refused.clause) == (EventKind.OFFER_REFUSED, role, "C4.1")
    assert refused.payload == {"reason": "Too dear"}
    await world.completed(agreement.handle)


async def test_the_provider_may_withdraw_its_offer_even_when_one_has_signed_c4_1(world: World):
    agreement = await world.offer()
    await agreement.sign(CUSTOMER)
    receipt = await world.client.withdraw_offer(agreement.id, PROVIDER, at=START)
    assert receipt.state == "withdrawn"
    assert (await agreement.kinds(None))[-1] == "offer_withdrawn"
    await world.completed(agreement.handle)


async def test_the_customer_may_not_withdraw_the_offer_c4_1(world: World):
    agreement = await world.offer()
    with pytest.raises(CommandRefused) as problem:
        await world.client.withdraw_offer(agreement.id, CUSTOMER, at=START)
    assert problem.value.kind is RefusalKind.WRONG_PARTY
    assert problem.value.refusal.allowed == ["provider"]
    assert await agreement.kinds(None) == ["offered"]


async def test_an_agreement_in_force_can_be_neither_signed_nor_refused_nor_withdrawn(world: World):
    agreement = await world.agreement()
    before = await agreement.kinds(None)
    acts = [
        agreement.sign(PROVIDER),
        world.client.refuse_offer(agreement.id, CUSTOMER, at=START),
        world.client.withdraw_offer(agreement.id, PROVIDER, at=START),
    ]
    for act in acts:
        with pytest.raises(CommandRefused) as problem:
            await act
        assert problem.value.kind is RefusalKind.NOT_ALLOWED_NOW
        assert problem.value.refusal.details == {"state": "active"}
    assert await agreement.kinds(None) == before


async def test_of_refusing_and_signing_at_once_one_wins_and_the_record_says_which(world: World):
    agreement = await world.offer()
    await agreement.sign(PROVIDER)
    answers = await asyncio.gather(
        agreement.sign(CUSTOMER),
        world.client.refuse_offer(agreement.id, CUSTOMER, at=START),
        return_exceptions=True,
    )
    (taken,) = (answer for answer in answers if isinstance(answer, AgreementReceipt))
    assert sum(isinstance(answer, CommandRefused) for answer in answers) == 1
    kinds = await agreement.kinds(None)
    assert kinds[2:] == (["signed", "activated"] if taken.state == "active" else ["offer_refused"])


async def test_an_agreement_that_ended_answers_that_it_did_and_one_that_never_was_that_it_was_not(
    world: World,
):
    agreement = await world.offer()
    await world.client.refuse_offer(agreement.id, CUSTOMER, at=START)
    await world.completed(agreement.handle)
    with pytest.raises(CommandRefused) as problem:
        await agreement.sign(PROVIDER)
    assert problem.value.kind is RefusalKind.NOT_ALLOWED_NOW
    with pytest.raises(Unknown):
        await world.client.sign("never-offered", PROVIDER, digest=OTHER_DIGEST, title="x", at=START)


# Requests


async def refused_submission(agreement: LivedAgreement, **given: Any) -> CommandRefused:
    """Why a submission is refused; nothing of it is on record."""
    with pytest.raises(CommandRefused) as problem:
        await agreement.submit(**given)
    assert await agreement.world.store.request(agreement.id, R) is None
    with pytest.raises(Unknown):
        await agreement.status()
    return problem.value


async def test_no_request_is_admitted_before_both_have_signed_c4_1(world: World):
    agreement = await world.offer()
    await agreement.sign(CUSTOMER)
    problem = await refused_submission(agreement)
    assert (problem.kind, problem.refusal.clause) == (RefusalKind.NOT_IN_FORCE, "C4.1")
    assert problem.refusal.details == {"state": "offered"}


async def test_no_request_is_admitted_as_of_before_the_agreement_came_into_force_c4_1(world: World):
    agreement = await world.agreement()
    problem = await refused_submission(agreement, at=START - SECOND)
    assert problem.kind is RefusalKind.OUT_OF_ORDER
    assert problem.refusal.details == {"not_before": START.isoformat()}


async def test_a_request_stamped_in_the_future_is_refused(world: World):
    agreement = await world.agreement()
    problem = await refused_submission(agreement, at=START + HOUR)
    assert problem.kind is RefusalKind.IN_THE_FUTURE


async def test_a_service_the_agreement_does_not_include_is_refused_naming_those_it_does_c3_1(world: World):
    agreement = await world.agreement()
    problem = await refused_submission(agreement, service="online_consulting")
    assert (problem.kind, problem.refusal.clause) == (RefusalKind.NOT_COVERED, "C3.1")
    assert problem.refusal.allowed == ["technical_support", "problem_resolution"]


@pytest.mark.parametrize("actor", [PROVIDER, STRANGER], ids=["provider", "neither party"])
async def test_only_the_customer_submits_requests_c6_1_1(world: World, actor: Actor):
    agreement = await world.agreement()
    problem = await refused_submission(agreement, by=actor)
    assert (problem.kind, problem.refusal.clause) == (RefusalKind.WRONG_PARTY, "C6.1.1")
    assert problem.refusal.allowed == ["customer"]


async def test_a_request_is_on_record_with_its_dues_when_the_customer_is_answered_c6_2_3(world: World):
    agreement = await world.agreement()
    receipt = await agreement.submit(priority="critical", description="No sound at all", command_id="mine")
    record = await world.store.request(agreement.id, R)
    assert record is not None
    (recorded,) = record.events
    event = recorded.event
    assert (event.seq, event.kind, event.at) == (1, EventKind.SUBMITTED, START)
    assert (event.clause, event.command_id) == ("C6.1.1", "mine")
    assert (event.party, event.person) == (Role.CUSTOMER, CUSTOMER.person)
    assert event.payload["description"] == "No sound at all"
    assert (record.request.priority, record.request.state) == ("critical", "submitted")
    assert (receipt.confirm_due, receipt.respond_due) == (START + HOUR, START + 4 * HOUR)
    assert receipt.resolve_due == record.request.resolve_due == START + 8 * HOUR


async def test_the_same_request_again_is_the_same_request_wherever_it_stands_c6_1_1(world: World):
    agreement = await world.agreement()
    await agreement.submit()
    await agreement.do("confirm", START)
    again = await agreement.submit(command_id="told-anew")
    assert (again.request_id, again.state, again.seq) == (R, "confirmed", 2)
    assert await agreement.kinds() == ["submitted", "confirmed"]


async def test_a_request_submitted_by_several_at_once_is_admitted_once_c6_1_1(world: World):
    agreement = await world.agreement()
    receipts = await asyncio.gather(*(agreement.submit() for _ in range(6)))
    assert {receipt.request_id for receipt in receipts} == {R}
    assert await agreement.kinds() == ["submitted"]


@pytest.mark.parametrize(
    "other", [{"title": "Other"}, {"service": "problem_resolution"}, {"priority": "low"}], ids=str
)
async def test_a_request_id_in_use_with_other_content_is_refused_and_changes_nothing(
    world: World, other: dict[str, Any]
):
    agreement = await world.agreement()
    await agreement.submit()
    with pytest.raises(CommandRefused) as problem:
        await agreement.submit(**other)
    assert (problem.value.kind, problem.value.refusal.clause) == (RefusalKind.OTHER_CONTENT, "C6.1.1")
    assert await agreement.kinds() == ["submitted"]
    assert (await agreement.status()).snapshot.priority == "normal"


async def test_two_agreements_may_use_one_request_id(world: World):
    one, other = [await world.agreement() for _ in range(2)]
    await one.submit(title="Of the one")
    await other.submit(title="Of the other")
    assert [(await a.status()).snapshot.title for a in (one, other)] == ["Of the one", "Of the other"]


async def test_thirty_requests_at_once_are_all_admitted_by_a_client_that_bounds_itself(world: World):
    agreement = await world.agreement()
    names = [f"r-{number}" for number in range(30)]
    receipts = await asyncio.gather(*(agreement.submit(name) for name in names))
    assert all(isinstance(receipt, Receipt) for receipt in receipts)
    recorded = await world.store.requests(agreement.id)
    assert sorted(request.request_id for request in recorded) == sorted(names)
    for name in names:
        assert await agreement.kinds(name) == ["submitted"]
        assert await world.standing_of(agreement.request_handle(name)) is WorkflowExecutionStatus.RUNNING


async def test_a_request_is_unknown_to_another_agreement(world: World):
    one, other = [await world.agreement() for _ in range(2)]
    await one.submit()
    with pytest.raises(Unknown):
        await other.do("confirm", START)
    assert await one.kinds() == ["submitted"]
