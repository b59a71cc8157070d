"""Pages of a pack, to be read: a request with its clocks, a statement; both languages beside one another.

Everything in them stands in the JSON file of the same name, which is what is verified.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from contract.money import Money

_STYLE = (
    "body{font:14px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;margin:2em auto;max-width:72em;padding:0 1em}"
    "table{border-collapse:collapse;width:100%;margin:.5em 0 2em}"
    "th,td{border:1px solid #ccc;padding:.3em .5em;text-align:left;vertical-align:top}"
    "th{background:#f4f4f4;font-weight:600}td.n{text-align:right;white-space:nowrap}"
    "th:first-child,td:first-child{white-space:nowrap}"
)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_SAID_ELSEWHERE = {"segments", "pauses", "calendars", "key", "submitted_at"}


def request_page(told: Mapping[str, Any]) -> bytes:
    """A request: its clocks with their segments, its timeline, its penalties (C5.2, C6.2.3, C8.1)."""
    zone = ZoneInfo(told["time_zone"])
    parts = [
        _facts(
            [
                ("服务请求 Request", told["request_id"]),
                ("服务 Service", told["service"]),
                ("说明 Description", told["description"]),
                ("优先级 Priority", told["priority"]),
                ("状态 State", told["state"]),
                ("条款版本 Terms, version", told["terms_version"]),
                ("时区 Times in", told["time_zone"]),
            ]
        ),
        "<h2>计时 Clocks</h2>",
    ]
    if told["clocks"] is None:
        # The breaches in the timeline still tell of theirs.
        parts.append("<p>所依日历未在案，未能重算。The calendars that these rest on are not on record.</p>")
    else:
        parts.append(_clocks(told["clocks"], zone))
    parts += ["<h2>经过 Timeline</h2>", _timeline(told["timeline"], zone)]
    if told["entries"]:
        parts += ["<h2>违约金 Penalties</h2>", _entries(told["entries"], zone)]
    return _page(str(told["title"]), parts)


def statement_page(told: Mapping[str, Any]) -> bytes:
    """A statement: every line with how it comes about (C7.1, C8)."""
    found = told["statement"]
    lines = [(*_line(line, line["about"]), _money(line["balance"])) for line in found["lines"]]
    penalties = [_line(line, line["request_id"] or line["key"]) for line in found["penalties"]]
    accounts = [
        (name, _money({"minor": minor, "currency": found["currency"]}))
        for name, minor in sorted(told["accounts"].items())
    ]
    about = ["日期 Date", "项目 Item", "关于 About", "条款 Clause", "计算 How it comes about"]
    parts = [
        _facts(
            [
                ("截至 As of the end of", found["as_of"]),
                ("客户应付 The customer owes", _money(found["owed"])),
                ("服务方应付违约金 The provider owes in penalties", _money(found["penalties_owed"])),
                ("净额 Net", _money(found["net"])),
                ("现应支付 To pay now", _money(found["to_pay_now"])),
            ]
        ),
        "<h2>账目 Lines</h2>",
        _table([*about, "金额 Amount", "余额 Balance"], lines, numbers=2),
        "<h2>违约金 Penalties</h2>",
        _table([*about, "金额 Amount"], penalties, numbers=1),
        "<h2>科目余额 Accounts (debit above zero)</h2>",
        _table(["科目 Account", "余额 Balance"], accounts, numbers=1),
    ]
    return _page(f"对账单 Statement · {found['agreement_id']} · {found['as_of']}", parts)


def _line(line: Mapping[str, Any], about: str) -> tuple[Any, ...]:
    why = _why(line["explanation"])
    return line["on"], line["kind"], about, line["clause"], why, _money(line["amount"])


def _clocks(clocks: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> str:
    rows = []
    for clock in clocks:
        until = f"（至 until {_local(clock['until'], zone)}）" if clock["until"] else ""
        state = "" if clock["late"] is None else ("迟延 late" if clock["late"] else "按时 on time")
        pauses = [f"{p['kind']}: {_span(p, zone)}" for p in clock["pauses"]]
        rows.append(
            (
                f"{clock['target']} {clock['clause']}{until}",
                f"{clock['budget_hours']} h · {clock['priority']}",
                "\n".join(_span(segment, zone) for segment in clock["segments"]),
                "\n".join(pauses),
                _local(clock["due"], zone),
                _local(clock["stopped"], zone),
                state,
            )
        )
    heads = ["目标 Target", "时限 Budget", "计时段 Segments", "暂停 Pauses", "到期 Due", "停止 Stopped", ""]
    return _table(heads, rows)


def _timeline(timeline: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> str:
    rows = []
    for event in timeline:
        by = "合同 the contract" if event["party"] is None else f"{event['person']} ({event['party']})"
        said, at = _why(event["payload"], zone), _local(event["at"], zone)
        rows.append((event["seq"], at, event["kind"], by, event["clause"], said, f"{event['hash'][:16]}…"))
    heads = ["#", "时间 At", "事项 What", "由 By", "条款 Clause", "内容 Content", "哈希 Hash"]
    return _table(heads, rows)


def _entries(entries: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> str:
    rows = []
    for entry in entries:
        why, amount = _why(entry["explanation"], zone), _money(entry["amount"])
        at = _local(entry["effective_at"], zone)
        rows.append((at, entry["kind"], entry["clause"], why, entry["key"], amount))
    heads = ["起算 As of", "类别 Kind", "条款 Clause", "计算 How it comes about", "编号 Key", "金额 Amount"]
    return _table(heads, rows, numbers=1)


def _why(explained: Mapping[str, Any], zone: ZoneInfo | None = None) -> str:
    """What an event or an entry says of itself; its formula by itself where it has one."""
    if explained.get("formula"):
        return str(explained["formula"])
    told = {n: value for n, value in explained.items() if n not in _SAID_ELSEWHERE and value is not None}
    return "\n".join(f"{name}: {_plain(value, zone)}" for name, value in sorted(told.items()))


def _plain(value: Any, zone: ZoneInfo | None) -> str:
    match value:
        case Mapping():
            return ", ".join(f"{name} {_plain(one, zone)}" for name, one in sorted(value.items()))
        case list():
            return "; ".join(_plain(one, zone) for one in value)
        case str() if zone is not None and _INSTANT.fullmatch(value):
            return _local(value, zone) or value
        case _:
            return str(value)


def _span(span: Mapping[str, Any], zone: ZoneInfo) -> str:
    begin, end = _local(span["from"], zone), _local(span["to"], zone)
    if end is None:
        return f"{begin} – …"
    return f"{begin} – {end[11:] if begin and begin[:10] == end[:10] else end}"


def _local(text: str | None, zone: ZoneInfo) -> str | None:
    """An instant by the clocks of the contract; any other text, which people may have written, as it is."""
    if text is None:
        return None
    try:
        return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError):
        return text


def _money(amount: Mapping[str, Any]) -> str:
    found = Money.model_validate(amount)
    return f"{found.amount:,f} {found.currency}"


def _facts(pairs: Iterable[tuple[str, Any]]) -> str:
    rows = "".join(f"<tr><th>{_cell(name)}</th><td>{_cell(value)}</td></tr>" for name, value in pairs)
    return f"<table>{rows}</table>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]], numbers: int = 0) -> str:
    """``numbers``: so many columns at the end hold amounts."""
    rows = list(rows)
    if not rows:
        return "<p>无 none</p>"
    made = "".join(f"<th>{_cell(head)}</th>" for head in heads)
    made = f"<tr>{made}</tr>"
    for row in rows:
        first = len(row) - numbers
        cells = (f"<td{' class=n' if place >= first else ''}>{_cell(c)}</td>" for place, c in enumerate(row))
        made += f"<tr>{''.join(cells)}</tr>\n"
    return f"<table>{made}</table>"


def _cell(value: Any) -> str:
    return "–" if value is None else escape(str(value)).replace("\n", "<br>")


def _page(title: str, parts: Iterable[str]) -> bytes:
    head = f"<meta charset=utf-8><title>{escape(title)}</title><style>{_STYLE}</style>"
    body = "\n".join(parts)
    return (
        f"<!doctype html><html lang=zh-CN><head>{head}</head>"
        f"<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    ).encode()
