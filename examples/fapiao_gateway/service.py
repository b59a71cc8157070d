"""A gateway to try the plug-in with: `python -m examples.fapiao_gateway.service --port 8099`.

It issues nothing in earnest and forgets everything when it ends. What it shares with real ones: a document is
accepted first and issued a while later, under a number of its own; asking again for what it has changes
nothing, and other content under the same key is refused; a red letter takes back a document that was issued,
once.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PDF = """%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 210]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj
4 0 obj<</Length {length}>>stream
{content}
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


@dataclass
class Document:
    """A document that the gateway has, and since when."""

    wanted: dict[str, Any]
    accepted: float
    number: str | None = None


@dataclass
class Gateway:
    """What it has; ``delay`` is how many seconds pass from accepting to issuing."""

    delay: float = 2.0
    token: str | None = None
    documents: dict[str, Document] = field(default_factory=dict)

    @property
    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/documents/{key}", self._have, methods=["PUT"]),
                Route("/documents/{key}", self._tell, methods=["GET"]),
                Route("/documents/{key}/pdf", self._paper, methods=["GET"]),
            ]
        )

    async def _have(self, request: Request) -> Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        key, wanted = request.path_params["key"], await request.json()
        known = self.documents.get(key)
        if known is not None and known.wanted != wanted:
            return JSONResponse({"code": "other content under this key"}, 409)
        if known is None:
            if wanted["kind"] == "red" and not self._can_be_taken_back(wanted["takes_back"]):
                return JSONResponse({"code": "nothing issued to take back"}, 422)
            known = self.documents[key] = Document(wanted, time.monotonic())
        return JSONResponse(self._standing(known), 202)

    async def _tell(self, request: Request) -> Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        known = self.documents.get(request.path_params["key"])
        return (
            JSONResponse({"code": "unknown"}, 404) if known is None else JSONResponse(self._standing(known))
        )

    async def _paper(self, request: Request) -> Response:
        known = self.documents.get(request.path_params["key"])
        if (refusal := self._refusal(request)) is not None:
            return refusal
        if known is None or self._standing(known)["state"] != "issued":
            return JSONResponse({"code": "not issued"}, 404)
        said = f"{known.wanted['kind']} {known.number}: {known.wanted['amount']} {known.wanted['currency']}"
        content = f"BT /F 14 Tf 40 120 Td ({said}) Tj ET"
        return Response(
            PDF.format(length=len(content), content=content).encode(), media_type="application/pdf"
        )

    def _standing(self, known: Document) -> dict[str, Any]:
        if time.monotonic() - known.accepted < self.delay:
            return {"state": "accepted"}
        if known.number is None:
            known.number = f"2612{sum(one.number is not None for one in self.documents.values()) + 1:016d}"
        return {"state": "issued", "number": known.number, "code": known.wanted["our_number"]}

    def _can_be_taken_back(self, key: str) -> bool:
        taken = {one.wanted.get("takes_back") for one in self.documents.values()}
        original = self.documents.get(key)
        return original is not None and original.number is not None and key not in taken

    def _refusal(self, request: Request) -> Response | None:
        if self.token is None or request.headers.get("Authorization") == f"Bearer {self.token}":
            return None
        return JSONResponse({"code": "who are you?"}, 401)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--delay", type=float, default=2.0, help="seconds from accepting to issuing")
    parser.add_argument("--token", help="what callers must show as bearer token")
    given = parser.parse_args()
    gateway = Gateway(delay=given.delay, token=given.token)
    uvicorn.run(gateway.application, host="127.0.0.1", port=given.port, access_log=True)


if __name__ == "__main__":
    main()
