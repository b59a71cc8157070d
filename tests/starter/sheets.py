"""Term sheets written to files, as users write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HOURS = [["09:00", "12:00"], ["13:30", "18:00"]]
WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
OFFICE_WEEK = {"weekly": dict.fromkeys(WORKDAYS, HOURS), "holidays": "CN"}
"""Service hours of the contract's worked cases; make-up workdays have Monday's."""

_CONTACT = {"name": "Li", "email": "li@example.com", "phone": "1"}


def write_sheet(folder: Path, agreement_id: str = "A-1", **changes: Any) -> Path:
    """A sheet as a file: office hours in Shanghai, China's holidays; `changes` replace whole fields."""
    sheet: dict[str, Any] = {
        "agreement_id": agreement_id,
        "provider": {"party_id": "huaxin", "name": "华信", "address": "1 Nanjing Road", "contact": _CONTACT},
        "customer": {"party_id": "acme", "name": "ACME", "address": "1 High Street", "contact": _CONTACT},
        "services": ["technical_support", "problem_resolution"],
        "term": {"years": 1},
        "time_zone": "Asia/Shanghai",
        "service_hours": OFFICE_WEEK,
        "targets": {"confirm_hours": 1, "respond_hours": 4, "resolve_hours": 48},
        "fees": {
            "amount": "1000.00",
            "currency": "CNY",
            "period": "month",
            "payment_days": 10,
            "means": ["transfer"],
        },
        "fee_change": {"notice_days": 30, "negotiation_days": 15, "if_unanswered": "lapses"},
        "penalties": {
            "late_response": "200.00",
            "late_resolution_per_day": "500.00",
            "settlement": "set_off",
        },
        "late_payment": {"percent_per_day": "0.05"},
        "disputes": {"negotiation_days": 30, "arbitration_commission": "CIETAC"},
    }
    path = folder / f"{agreement_id}.json"
    path.write_text(json.dumps(sheet | changes, ensure_ascii=False))
    return path
