"""The text of the agreement in English: every clause of the contract, its blanks filled in from the terms."""

from __future__ import annotations

from contract.agreement_file import TermDates
from contract.parties import Language, Party
from contract.terms import Allocation, IfUnanswered, Period, Service, Settlement, Target, TermSheet
from documents.agreement_wording import AgreementWording, length_of
from documents.deed import Article, Clause
from documents.writing import Unit, Writing
from documents.writings import writing_of

_PERIODS = {Period.MONTH: "month", Period.QUARTER: "quarter", Period.YEAR: "year"}

_SERVICES = {
    Service.ONLINE_CONSULTING: "Online consulting: the provider answers questions on the use of its products "
    "and advises on how to operate them.",
    Service.TECHNICAL_SUPPORT: "Technical support: the provider helps with installing, configuring, "
    "operating and updating its products.",
    Service.PROBLEM_RESOLUTION: "Problem resolution: the provider finds the cause of a fault and provides "
    "a solution.",
}


class EnglishAgreement(AgreementWording):
    writing: Writing = writing_of(Language.ENGLISH)
    title = "Online After-Sales Service Support Agreement"
    agreement = "Agreement"
    version = "Version of the terms"
    digest = "SHA-256 of the terms"
    opening = (
        "The parties named in article 1 have agreed as follows. Every number of this agreement stands in "
        "figures and in words; both are made from the terms whose digest is given above, and the terms "
        "are enclosed in this document."
    )
    schedule = "Schedule: times for each service and priority"
    schedule_text = (
        "Hours of service time from the submission of a request (articles 5 and 6). The customer chooses "
        "the priority when it submits; afterwards only the provider may raise it and only the customer "
        "may lower it."
    )
    service = "Service"
    priority = "Priority"
    targets = {Target.CONFIRM: "Confirm", Target.RESPOND: "Respond", Target.RESOLVE: "Resolve"}
    consolidated = "Consolidated text"
    in_force = "In force from"
    not_signed = (
        "This text is for reading: it is the agreement as version {version} of its terms has it. What the "
        "parties signed are the originals and the supplements."
    )
    closing = "The parties sign and seal this agreement; a signature binds the digest of the terms."

    def articles(self, terms: TermSheet, digest: str, dates: TermDates | None) -> list[Article]:
        return [
            self._parties(terms),
            self._words(terms),
            self._services(terms),
            self._term(terms, dates),
            self._duties(terms),
            self._procedure(terms),
            self._fees(terms),
            self._breach(terms),
            self._disputes(terms),
            self._other(terms, digest),
        ]

    def _parties(self, terms: TermSheet) -> Article:
        return Article(
            "Article 1  The parties",
            [
                Clause("1.1", self._party("provider", terms.provider)),
                Clause("1.2", self._party("customer", terms.customer)),
            ],
        )

    def _party(self, role: str, party: Party) -> str:
        tax = f", tax number {party.tax_id}" if party.tax_id else ""
        contact = party.contact
        return (
            f"The {role} is {party.name}, {party.address} ({party.country}){tax}; on the online channel it "
            f"goes by {party.party_id}. Its contact is {contact.name}, {contact.email}, {contact.phone}. "
            f"Notices to it are written in {self.writing.languages[party.language]}."
        )

    def _words(self, terms: TermSheet) -> Article:
        return Article(
            "Article 2  Words and time",
            [
                Clause(
                    "2.1",
                    "Under this agreement the provider gives the customer after-sales support online. A "
                    "request is what the customer submits under this agreement.",
                ),
                Clause(
                    "2.2", f"Service time runs {self.writing.hours_of(terms.service_hours, terms.time_zone)}."
                ),
                Clause(
                    "2.3",
                    "Hours within which the provider is to act are hours of service time, counted from "
                    "the submission of the request; time during which a clock is paused is left out. What "
                    "is done at the very instant at which a time ends is done on time. Days within which "
                    "a party may act have twenty-four hours each; days of payment are calendar days. "
                    f"Dates and times of day are those of the time zone {terms.time_zone}.",
                ),
            ],
        )

    def _services(self, terms: TermSheet) -> Article:
        return Article(
            "Article 3  Services",
            [
                Clause(
                    f"3.1.{place}",
                    _SERVICES[service]
                    if service in terms.services
                    else f"{_SERVICES[service].partition(':')[0]}: not part of this agreement.",
                )
                for place, service in enumerate(Service, 1)
            ],
        )

    def _term(self, terms: TermSheet, dates: TermDates | None) -> Article:
        write = self.writing
        known = ""
        if dates is not None:
            known = (
                f" It has been in force since {write.day(dates.effective_date)} and ends at 24:00 on "
                f"{write.day(dates.last_day)}."
            )
        return Article(
            "Article 4  Term",
            [
                Clause(
                    "4.1",
                    f"{self._begin(terms)} It lasts for {length_of(terms, write)} from that day and ends at "
                    f"24:00 on the day before the corresponding day.{known} It can be signed within "
                    f"{write.counted(terms.offer_days, Unit.DAY)} of its offer. After the end of the term no "
                    "new request is taken, and those submitted before are finished; a final statement is "
                    f"made when none is open, at the latest {write.counted(terms.closing_days, Unit.DAY)} "
                    "after the end.",
                ),
                Clause(
                    "4.2",
                    "Neither party may end this agreement early unless both agree in writing. A proposal "
                    "to end it lapses when the other party does not consent within "
                    f"{write.counted(terms.consent_days, Unit.DAY)}. At an agreed early end, the part of "
                    "the fee that was billed for the time after it is credited by days.",
                ),
            ],
        )

    def _begin(self, terms: TermSheet) -> str:
        before = terms.taken_over
        if before is None:
            return "This agreement takes effect when both parties have signed and sealed it."
        run_from, since = self.writing.day(before.run_from), self.writing.day(before.effective_date)
        return (
            f"When both parties have signed and sealed it, this agreement governs from {run_from} on, with "
            f"the balances and requests of the schedules, what has been running between them since {since}."
        )

    def _duties(self, terms: TermSheet) -> Article:
        write = self.writing
        return Article(
            "Article 5  What the parties owe each other",
            [
                Clause("5.1", "The provider's service meets the standard of its trade."),
                Clause(
                    "5.2",
                    "The provider responds to a request within "
                    f"{write.counted(terms.targets.respond_hours, Unit.HOUR)} of service time, or within "
                    "the time that the schedule gives for its service and priority. Service time runs "
                    f"{write.hours_of(terms.service_hours, terms.time_zone)}.",
                ),
                Clause(
                    "5.3",
                    "The provider keeps the customer's business secrets that it learns of. It uses them "
                    "for this agreement only and gives them to nobody without the customer's written "
                    "consent, also after the end of this agreement.",
                ),
                Clause(
                    "5.4",
                    "The customer provides the materials that are needed to handle a request. While the "
                    "provider waits for materials it has asked for, the time for the solution does not "
                    "run.",
                ),
                Clause(
                    "5.5",
                    "The customer may rate the service, from one to five, five being best, within "
                    f"{write.counted(terms.rating_days, Unit.DAY)} of the close of a request. The provider "
                    f"answers a rating of two or less within {write.counted(terms.follow_up_days, Unit.DAY)} "
                    "and says what it will improve.",
                ),
            ],
        )

    def _procedure(self, terms: TermSheet) -> Article:
        write, targets = self.writing, terms.targets
        standard = "the provider's service standard"
        if terms.service_standard is not None:
            standard += f" “{terms.service_standard.title}” (SHA-256 {terms.service_standard.digest})"
        if targets.resolve_hours is None:
            solution = "No time is promised for the solution, unless the schedule gives one."
        else:
            solution = (
                f"The solution is provided within {write.counted(targets.resolve_hours, Unit.HOUR)} of "
                "service time, or within the time that the schedule gives for its service and priority."
            )
        return Article(
            "Article 6  How a request is handled",
            [
                Clause(
                    "6.1.1",
                    "The customer submits requests through the agreed online channel and names the "
                    "service and the priority. What a party does through the channel counts from when the "
                    "channel took it; what arrives more than "
                    f"{write.counted(terms.command_delay_hours, Unit.HOUR)} after that is refused.",
                ),
                Clause(
                    "6.1.2",
                    "The provider confirms a request within "
                    f"{write.counted(targets.confirm_hours, Unit.HOUR)} of service time, or within the "
                    "time that the schedule gives, and assigns a member of staff.",
                ),
                Clause("6.1.3", f"The provider's staff follow {standard}."),
                Clause(
                    "6.2.1",
                    f"The staff respond within {write.counted(targets.respond_hours, Unit.HOUR)} of "
                    "service time, or within the time that the schedule gives. Service time runs "
                    f"{write.hours_of(terms.service_hours, terms.time_zone)}.",
                ),
                Clause(
                    "6.2.2",
                    "The staff diagnose the problem from the information given and provide a solution. "
                    f"{solution} When {write.percent(targets.warn_percent)} of a time has run, a reminder "
                    "is sent. The customer accepts the solution or reopens the request within "
                    f"{write.counted(terms.acceptance_days, Unit.DAY)}; after that the request closes by "
                    "itself.",
                ),
                Clause(
                    "6.2.3",
                    "The provider records every request and how it was handled, and keeps the records for "
                    "later query and for improvement.",
                ),
            ],
        )

    def _fees(self, terms: TermSheet) -> Article:
        write, fees, change = self.writing, terms.fees, terms.fee_change
        tax = "; no tax is stated"
        if fees.tax_percent is not None:
            tax = f", tax of {write.percent(fees.tax_percent)} included"
        silent = {
            IfUnanswered.TAKES_EFFECT: "When the customer does not answer at all within that time, the "
            "change takes effect on its date.",
            IfUnanswered.LAPSES: "When the customer does not answer at all within that time, the "
            "change lapses.",
        }[change.if_unanswered]
        means = write.listed([write.means[one] for one in fees.means])
        return Article(
            "Article 7  Fees",
            [
                Clause(
                    "7.1.1",
                    f"The fee is {write.amount(terms.money(fees.amount))} per "
                    f"{_PERIODS[fees.period]}{tax}. A bill is issued at the start of each period, counted "
                    "from the day on which this agreement took effect; it is due at the end of the day "
                    f"that comes {write.counted(fees.payment_days, Unit.DAY)} after its issue. For a part "
                    "of a period the fee is charged by days.",
                ),
                Clause(
                    "7.1.2",
                    f"The customer pays by {means}, or in another way that both agree on. A cheque is a "
                    "payment on the day it clears.",
                ),
                Clause("7.1.3", "After each payment the provider promptly issues one formal invoice."),
                Clause(
                    "7.2.1",
                    "The provider announces a change of the fee at least "
                    f"{write.counted(change.notice_days, Unit.DAY)} before it is to take effect. It "
                    "applies to periods that begin on or after that day.",
                ),
                Clause(
                    "7.2.2",
                    f"Within {write.counted(change.negotiation_days, Unit.DAY)} of the notice the customer "
                    "may accept, or object and negotiate. What was objected to and not agreed by then "
                    f"lapses. {silent}",
                ),
            ],
        )

    def _breach(self, terms: TermSheet) -> Article:
        write, penalties, late = self.writing, terms.penalties, terms.late_payment
        cap = "The penalties of a contract year have no upper limit."
        if penalties.cap_percent is not None:
            cap = (
                f"The penalties of a contract year come to at most {write.percent(penalties.cap_percent)} "
                "of its fees."
            )
        settled = {
            Settlement.SET_OFF: "Penalties are set off against the next bill, the oldest first; what is "
            "left is carried on.",
            Settlement.PAY_OUT: "Penalties are paid by the provider apart from the bills.",
        }[penalties.settlement]
        suspension = "Service is suspended only when the provider orders it."
        if late.suspend_after_days is not None:
            suspension = (
                "Service is suspended by itself when a bill has been overdue for "
                f"{write.counted(late.suspend_after_days, Unit.DAY)}, from the beginning of the following "
                "day."
            )
        order = {
            Allocation.INTEREST_FIRST: "for the late fees of all bills, then the principal, the oldest first",
            Allocation.PRINCIPAL_FIRST: "for the principal of the oldest bill, then its late fee, and so on",
        }[late.allocation]
        return Article(
            "Article 8  Breach",
            [
                Clause(
                    "8.1",
                    "The provider that is late owes the penalties of this article, as far as the customer "
                    f"does not waive them. {cap} When they pass {write.percent(penalties.warning_percent)} "
                    f"of those fees, both parties are told; nothing is reduced by itself. {settled}",
                ),
                Clause(
                    "8.1.1",
                    "For each late response the customer may claim "
                    f"{write.amount(terms.money(penalties.late_response))}, once per request.",
                ),
                Clause(
                    "8.1.2",
                    "For each day by which a solution is late the customer may claim "
                    f"{write.amount(terms.money(penalties.late_resolution_per_day))}. Days are counted "
                    "from the end of the time for the solution, in elapsed time without pauses; a day "
                    "that has begun counts.",
                ),
                Clause(
                    "8.2",
                    "While the customer is late with a payment, the provider may suspend service until "
                    "all that is overdue and undisputed is paid, with its late fees; service then resumes "
                    f"at once. {suspension} In either case the provider gives notice of what is owed and "
                    f"of how to prevent it at least {write.counted(late.suspend_notice_days, Unit.DAY)} "
                    "before. While service is suspended no new request is taken and no time runs for open "
                    "ones.",
                ),
                Clause(
                    "8.2.1",
                    "For each day by which a payment is late the customer owes "
                    f"{write.percent(late.percent_per_day)} of what is unpaid, without compounding, as far "
                    "as the provider does not waive it. What is paid within "
                    f"{write.counted(late.grace_days, Unit.DAY)} of the due date bears none; what "
                    "remains unpaid then bears it from the first day after the due date. A payment is used "
                    f"{order}; one that names a bill goes to that bill first.",
                ),
            ],
        )

    def _disputes(self, terms: TermSheet) -> Article:
        write, disputes = self.writing, terms.disputes
        return Article(
            "Article 9  Disputes",
            [
                Clause(
                    "9.1",
                    "The parties first negotiate a dispute in good faith, for "
                    f"{write.counted(disputes.negotiation_days, Unit.DAY)} from the day it is raised. "
                    "While it is open the amount in dispute bears no late fee, is not set off, and is no "
                    "ground for suspension. A dispute that is not referred within "
                    f"{write.counted(disputes.stale_days, Unit.DAY)} is closed without effect.",
                ),
                Clause(
                    "9.2",
                    "When negotiation fails, either party may submit the dispute to the "
                    f"{disputes.arbitration_commission} for arbitration under its rules in force.",
                ),
                Clause("9.3", "The award is final and binds both parties."),
            ],
        )

    def _other(self, terms: TermSheet, digest: str) -> Article:
        return Article(
            "Article 10  Other",
            [
                Clause(
                    "10.1",
                    "What is not settled here the parties settle in a written supplement, which is part "
                    "of this agreement.",
                ),
                Clause(
                    "10.2",
                    "This agreement is made in two originals of equal force, one for each party, "
                    "identical but for the label. They state the terms that have the SHA-256 digest "
                    f"{digest} (agreement {terms.agreement_id}, schema {terms.schema_version}); where a "
                    "text and those terms differ, or two language versions, the terms decide.",
                ),
                Clause("10.3", "This agreement takes effect when both parties have signed and sealed it."),
                Clause(
                    "10.4",
                    "It is changed only by mutual written consent. A proposed change lapses when the "
                    "other party does not consent within "
                    f"{self.writing.counted(terms.consent_days, Unit.DAY)}.",
                ),
            ],
        )
