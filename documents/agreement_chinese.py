"""协议中文文本：合同各条款，空白处由条款表填写。Every clause of the contract, its blanks filled in."""

from __future__ import annotations

from contract.agreement_file import TermDates
from contract.parties import Language, Party
from contract.terms import Allocation, IfUnanswered, Period, Service, Settlement, Target, TermSheet
from documents.agreement_wording import AgreementWording, length_of
from documents.deed import Article, Clause
from documents.writing import Unit, Writing
from documents.writings import writing_of

_PERIODS = {Period.MONTH: "每月", Period.QUARTER: "每季度", Period.YEAR: "每年"}

_SERVICES = {
    Service.ONLINE_CONSULTING: "在线咨询：甲方解答乙方在产品使用中的疑问，并提供操作指导与建议。",
    Service.TECHNICAL_SUPPORT: "技术支持：甲方协助乙方完成产品的安装、配置、操作与更新。",
    Service.PROBLEM_RESOLUTION: "问题解决：甲方查明故障原因并提供解决方案。",
}


class ChineseAgreement(AgreementWording):
    writing: Writing = writing_of(Language.CHINESE)
    title = "线上售后服务支持协议"
    agreement = "协议编号"
    version = "条款版本"
    digest = "条款表 SHA-256"
    opening = (
        "第一条所列双方经平等协商，订立本协议，共同遵守。本协议中的各项数值均以阿拉伯数字与大写并列，二者皆由上列摘要所对应的"
        "条款表生成，条款表附于本文件之内。"
    )
    schedule = "附表　各项服务与优先级的时限"
    schedule_text = (
        "以下时限均为自请求提交之时起的服务时间（见第五条、第六条）。优先级由乙方在提交时选定；此后只有甲方可以提高、"
        "只有乙方可以降低。"
    )
    service = "服务"
    priority = "优先级"
    targets = {Target.CONFIRM: "确认", Target.RESPOND: "响应", Target.RESOLVE: "解决"}
    consolidated = "合并文本"
    in_force = "生效时间"
    not_signed = "本文本供阅读之用，为第 {version} 版条款所载的协议全文；经双方签署的是协议原件与补充协议。"
    closing = "双方签字盖章，确认本协议；签字即对上列条款表摘要的确认。"

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
            "第一条　协议双方",
            [
                Clause("1.1", self._party("甲方（服务方）", terms.provider)),
                Clause("1.2", self._party("乙方（客户）", terms.customer)),
            ],
        )

    def _party(self, role: str, party: Party) -> str:
        tax = f"；纳税人识别号：{party.tax_id}" if party.tax_id else ""
        contact = party.contact
        return (
            f"{role}：{party.name}\n地址：{party.address}（{party.country}）{tax}；线上渠道代号：{party.party_id}\n"
            f"联系人：{contact.name}，电子邮箱：{contact.email}，电话：{contact.phone}；"
            f"通知使用{self.writing.languages[party.language]}"
        )

    def _words(self, terms: TermSheet) -> Article:
        return Article(
            "第二条　用语与时间",
            [
                Clause(
                    "2.1",
                    "甲方依本协议以线上方式向乙方提供售后服务支持。乙方依本协议提交的服务需求，称为“请求”。",
                ),
                Clause("2.2", f"服务时间为：{self.writing.hours_of(terms.service_hours, terms.time_zone)}。"),
                Clause(
                    "2.3",
                    "要求甲方在若干小时内完成的事项，按服务时间计算，自请求提交之时起算，暂停计时的时间不计入；恰于期限届满之时完成的，"
                    "视为按时。一方可在若干日内作出的行为，每日按二十四小时计算；付款期限的日为日历日。本协议的日期与钟点均以 "
                    f"{terms.time_zone} 时区为准。",
                ),
            ],
        )

    def _services(self, terms: TermSheet) -> Article:
        return Article(
            "第三条　服务内容",
            [
                Clause(
                    f"3.1.{place}",
                    _SERVICES[service]
                    if service in terms.services
                    else f"{_SERVICES[service].partition('：')[0]}：本协议不包含此项服务。",
                )
                for place, service in enumerate(Service, 1)
            ],
        )

    def _term(self, terms: TermSheet, dates: TermDates | None) -> Article:
        write = self.writing
        known = ""
        if dates is not None:
            known = (
                f"本协议已于 {write.day(dates.effective_date)}生效，至 {write.day(dates.last_day)} 24:00 止。"
            )
        return Article(
            "第四条　协议期限",
            [
                Clause(
                    "4.1",
                    f"{self._begin(terms)}有效期自该日起 {length_of(terms, write)}，至期满对应日的前一日 24:00 止。"
                    f"{known}本协议可在发出要约后 {write.counted(terms.offer_days, Unit.DAY)}内签署。期满后不再受理新的请求，"
                    f"此前提交的请求继续处理完毕；全部请求关闭时出具结算单，至迟不晚于期满后 "
                    f"{write.counted(terms.closing_days, Unit.DAY)}。",
                ),
                Clause(
                    "4.2",
                    "未经双方书面同意，任何一方不得提前终止本协议。一方提议提前终止，而对方未在 "
                    f"{write.counted(terms.consent_days, Unit.DAY)}内表示同意的，该提议失效。双方同意提前终止的，已出账单中终止日之后的费用"
                    "按日退减。",
                ),
            ],
        )

    def _begin(self, terms: TermSheet) -> str:
        before = terms.taken_over
        if before is None:
            return "本协议自双方均签字盖章之时起生效。"
        run_from, since = self.writing.day(before.run_from), self.writing.day(before.effective_date)
        return (
            f"双方均签字盖章后，自 {run_from}起，双方之间的服务关系连同附表所列期初余额与未结请求，均依本协议执行；"
            f"该关系始于 {since}。"
        )

    def _duties(self, terms: TermSheet) -> Article:
        write = self.writing
        return Article(
            "第五条　双方的义务",
            [
                Clause("5.1", "甲方提供的服务应当符合行业通行标准。"),
                Clause(
                    "5.2",
                    f"甲方应当在请求提交后 {write.counted(terms.targets.respond_hours, Unit.HOUR)}服务时间内作出响应；附表就该项服务与优先级"
                    f"另有时限的，从其时限。服务时间为：{write.hours_of(terms.service_hours, terms.time_zone)}。",
                ),
                Clause(
                    "5.3",
                    "甲方对所知悉的乙方商业秘密负保密义务，仅为履行本协议使用，未经乙方书面同意不得向任何人提供；本协议终止后，此项义务"
                    "继续有效。",
                ),
                Clause(
                    "5.4",
                    "乙方应当提供处理请求所需的资料。甲方索取资料后等待期间，解决时限暂停计算。",
                ),
                Clause(
                    "5.5",
                    f"乙方可以在请求关闭后 {write.counted(terms.rating_days, Unit.DAY)}内对服务评分，1 分为最差，5 分为最好。评分为 2 分及以下的，"
                    f"甲方应当在 {write.counted(terms.follow_up_days, Unit.DAY)}内答复，并说明改进措施。",
                ),
            ],
        )

    def _procedure(self, terms: TermSheet) -> Article:
        write, targets = self.writing, terms.targets
        standard = "甲方的服务规范"
        if terms.service_standard is not None:
            standard += f"《{terms.service_standard.title}》（SHA-256：{terms.service_standard.digest}）"
        if targets.resolve_hours is None:
            solution = "除附表另有时限外，对解决时限不作承诺。"
        else:
            solution = (
                f"解决方案应当在 {write.counted(targets.resolve_hours, Unit.HOUR)}服务时间内提供；附表就该项服务与优先级另有时限的，"
                "从其时限。"
            )
        return Article(
            "第六条　请求的处理",
            [
                Clause(
                    "6.1.1",
                    "乙方通过约定的线上渠道提交请求，并注明所需服务与优先级。双方通过渠道所为的行为，以渠道收到之时为准；在此之后超过 "
                    f"{write.counted(terms.command_delay_hours, Unit.HOUR)}方送达的，不予受理。",
                ),
                Clause(
                    "6.1.2",
                    f"甲方应当在 {write.counted(targets.confirm_hours, Unit.HOUR)}服务时间内（附表另有时限的，从其时限）确认请求，"
                    "并指派工作人员。",
                ),
                Clause("6.1.3", f"甲方工作人员应当遵守{standard}。"),
                Clause(
                    "6.2.1",
                    f"甲方工作人员应当在 {write.counted(targets.respond_hours, Unit.HOUR)}服务时间内作出响应；附表另有时限的，从其时限。"
                    f"服务时间为：{write.hours_of(terms.service_hours, terms.time_zone)}。",
                ),
                Clause(
                    "6.2.2",
                    f"甲方工作人员根据所提供的信息诊断问题，并提供解决方案。{solution}任一时限经过 "
                    f"{write.percent(targets.warn_percent)}时，发出一次提示。乙方可以在 "
                    f"{write.counted(terms.acceptance_days, Unit.DAY)}内接受解决方案或者重新打开请求；逾期未表示的，请求自行关闭。",
                ),
                Clause("6.2.3", "甲方应当记录每一项请求及其处理情况，并予保存，以备查询与改进。"),
            ],
        )

    def _fees(self, terms: TermSheet) -> Article:
        write, fees, change = self.writing, terms.fees, terms.fee_change
        tax = "，未列明税额"
        if fees.tax_percent is not None:
            tax = f"，含税，税率 {write.percent(fees.tax_percent)}"
        silent = {
            IfUnanswered.TAKES_EFFECT: "乙方在此期间未作任何答复的，该项调整于其生效日生效。",
            IfUnanswered.LAPSES: "乙方在此期间未作任何答复的，该项调整失效。",
        }[change.if_unanswered]
        return Article(
            "第七条　费用",
            [
                Clause(
                    "7.1.1",
                    f"服务费为{_PERIODS[fees.period]}{write.amount(terms.money(fees.amount))}{tax}。账期自本协议生效之日起算，每一账期开始时"
                    f"出具账单；付款期限为出具账单后第 {write.counted(fees.payment_days, Unit.DAY)}终了之时。不足一个账期的，按日计收。",
                ),
                Clause(
                    "7.1.2",
                    f"乙方以{write.listed([write.means[one] for one in fees.means])}或者双方同意的其他方式付款。支票于兑付之日视为付款。",
                ),
                Clause("7.1.3", "每次付款后，甲方应当及时开具一份正式发票。"),
                Clause(
                    "7.2.1",
                    f"甲方调整费用的，应当至少在生效日 {write.counted(change.notice_days, Unit.DAY)}之前通知乙方。调整适用于自该日起开始的账期。",
                ),
                Clause(
                    "7.2.2",
                    f"乙方可以在通知后 {write.counted(change.negotiation_days, Unit.DAY)}内接受，或者提出异议并与甲方协商。已提出异议而届时未达成一致的，"
                    f"该项调整失效。{silent}",
                ),
            ],
        )

    def _breach(self, terms: TermSheet) -> Article:
        write, penalties, late = self.writing, terms.penalties, terms.late_payment
        cap = "每一合同年度的违约金不设上限。"
        if penalties.cap_percent is not None:
            cap = f"每一合同年度的违约金以该年度服务费的 {write.percent(penalties.cap_percent)}为限。"
        settled = {
            Settlement.SET_OFF: "违约金自最早一笔起抵扣下一期账单，余额结转。",
            Settlement.PAY_OUT: "违约金由甲方在账单之外另行支付。",
        }[penalties.settlement]
        suspension = "仅在甲方作出暂停决定时，服务方予暂停。"
        if late.suspend_after_days is not None:
            suspension = (
                f"账单逾期满 {write.counted(late.suspend_after_days, Unit.DAY)}的，自次日零时起服务自行暂停。"
            )
        order = {
            Allocation.INTEREST_FIRST: "先冲抵各期账单的滞纳金，再自最早一期起冲抵本金",
            Allocation.PRINCIPAL_FIRST: "自最早一期账单起，逐期先冲抵本金，再冲抵其滞纳金",
        }[late.allocation]
        return Article(
            "第八条　违约责任",
            [
                Clause(
                    "8.1",
                    f"甲方迟延的，应当承担本条约定的违约金，乙方放弃的部分除外。{cap}违约金超过该年度服务费的 "
                    f"{write.percent(penalties.warning_percent)}时，应当告知双方，但不因此自行减少。{settled}",
                ),
                Clause(
                    "8.1.1",
                    f"甲方迟延响应的，乙方可以就每项请求要求一次性违约金{write.amount(terms.money(penalties.late_response))}。",
                ),
                Clause(
                    "8.1.2",
                    f"甲方迟延解决的，乙方可以要求每日违约金{write.amount(terms.money(penalties.late_resolution_per_day))}。迟延日数自解决时限届满"
                    "之时起，按实际经过的时间计算，扣除暂停计时的时间；不足一日的，按一日计。",
                ),
                Clause(
                    "8.2",
                    f"乙方逾期付款的，甲方可以暂停服务，直至乙方付清全部逾期且无争议的款项及其滞纳金，服务随即恢复。{suspension}"
                    f"无论何种情形，甲方应当至少提前 {write.counted(late.suspend_notice_days, Unit.DAY)}通知乙方所欠金额及避免暂停的方法。"
                    "服务暂停期间，不受理新的请求，未结请求的各项时限暂停计算。",
                ),
                Clause(
                    "8.2.1",
                    f"乙方每逾期一日，应当按未付金额的 {write.percent(late.percent_per_day)}支付滞纳金，不计复利，甲方放弃的部分除外。在付款期限届满后 "
                    f"{write.counted(late.grace_days, Unit.DAY)}内付清的金额，不计滞纳金；此后仍未付清的金额，自付款期限届满次日起计收滞纳金。付款未指明账单的，{order}；指明账单的，先用于该账单。",
                ),
            ],
        )

    def _disputes(self, terms: TermSheet) -> Article:
        write, disputes = self.writing, terms.disputes
        return Article(
            "第九条　争议解决",
            [
                Clause(
                    "9.1",
                    f"发生争议的，双方应当首先友好协商，协商期为自提出之日起 {write.counted(disputes.negotiation_days, Unit.DAY)}。争议未结期间，"
                    "争议金额不计滞纳金、不予抵扣，亦不得据此暂停服务。在 "
                    f"{write.counted(disputes.stale_days, Unit.DAY)}内未提交仲裁的，争议不产生效力而终结。",
                ),
                Clause(
                    "9.2",
                    f"协商不成的，任何一方可以将争议提交{terms.disputes.arbitration_commission}，按照其现行仲裁规则仲裁。",
                ),
                Clause("9.3", "仲裁裁决是终局的，对双方均有约束力。"),
            ],
        )

    def _other(self, terms: TermSheet, digest: str) -> Article:
        return Article(
            "第十条　其他",
            [
                Clause("10.1", "本协议未尽事宜，由双方另行书面补充；补充协议为本协议的组成部分。"),
                Clause(
                    "10.2",
                    "本协议一式两份，双方各执一份，具有同等效力，除所注执有方外内容完全相同。本协议所载为摘要 SHA-256 "
                    f"{digest} 的条款表（协议编号 {terms.agreement_id}，格式版本 {terms.schema_version}）；文本与条款表不一致，"
                    "或者不同语言的文本不一致的，以条款表为准。",
                ),
                Clause("10.3", "本协议自双方均签字盖章之时起生效。"),
                Clause(
                    "10.4",
                    "本协议的变更须经双方书面同意。一方提议变更，而对方未在 "
                    f"{self.writing.counted(terms.consent_days, Unit.DAY)}内表示同意的，该提议失效。",
                ),
            ],
        )
