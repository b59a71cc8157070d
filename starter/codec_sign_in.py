"""Signing in to the codec server from a browser: a token once, a cookie from then on.

For Temporal UIs that send cookies along (``TEMPORAL_CODEC_INCLUDE_CREDENTIALS``, or "Include cross-origin
credentials" in the UI's codec settings) and are on the same site as the codec server.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from runtime.logs import log
from starter.codec_access import COOKIE, SIGNED_IN_SECONDS, Operators
from starter.codec_server import read_body

LONGEST_FORM: Final = 4096
_PAGE: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>aftercare codec server</title>
<style>body{{font:16px system-ui;max-width:34rem;margin:15vh auto;padding:0 1rem}}
input,button{{font:inherit;padding:.4rem .6rem}}</style>
<h1>Codec server</h1><p>{said}</p>{form}</html>"""
_FORM: Final = """<form method="post" action="sign-in"><input name="token" type="password" autocomplete="off"
aria-label="Token" autofocus> <button>Sign in</button></form>"""
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
}


def _page(said: str, form: str = "", status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(said=said, form=form), status_code=status, headers=_HEADERS)


def add_sign_in(app: FastAPI, operators: Operators) -> None:
    """Pages at which operators show their token once."""

    @app.get("/sign-in")
    async def ask(request: Request) -> Response:
        if operators.who(request) is not None:
            return _page("You are signed in: the Temporal UI shows payloads in clear.")
        return _page("Your token, to see payloads in clear in the Temporal UI:", _FORM)

    @app.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        form = parse_qs((await read_body(request, LONGEST_FORM)).decode("utf-8", "replace"))
        who = operators.by_token(form.get("token", [""])[0])
        if who is None:
            log.warning("codec server: sign-in refused")
            return _page("This token is not known here.", _FORM, status=401)
        log.info("codec server: signed in", operator=who)
        answer = RedirectResponse("sign-in", status_code=303)
        answer.set_cookie(
            COOKIE,
            operators.cookie(who),
            max_age=SIGNED_IN_SECONDS,
            httponly=True,
            secure=True,
            samesite="strict",
        )
        return answer
