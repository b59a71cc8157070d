"""Why Temporal cannot be reached, in one sentence, and what to do about it.

The SDK tells what happened in the words of its libraries. Read here are those words which were seen for
each of these causes; tests/runtime/test_connection.py brings every one of them about.
"""

from __future__ import annotations

from temporalio.service import RPCError, RPCStatusCode

from runtime.settings import Settings

_CLOSED = ("transport error", "connection closed", "operation was canceled", "Broken pipe", "UnexpectedEof")


def advice(settings: Settings, problem: BaseException) -> str:
    """What is wrong with the way to Temporal; no secrets, and none of the libraries' words."""
    at = f"at {settings.temporal_address}"
    found = _status(problem)
    if found is RPCStatusCode.UNAUTHENTICATED:
        if settings.temporal_api_key is None:
            return f"Temporal {at} asks for an API key: set AFTERCARE_TEMPORAL_API_KEY."
        return f"Temporal {at} refused the API key: set AFTERCARE_TEMPORAL_API_KEY to one that is valid."
    if found is RPCStatusCode.PERMISSION_DENIED:
        return (
            f"Temporal {at} does not let this client into namespace {settings.temporal_namespace}: "
            "give its certificate or API key the right to it, or set AFTERCARE_TEMPORAL_NAMESPACE."
        )
    if found is RPCStatusCode.NOT_FOUND:
        return (
            f"Temporal {at} has no namespace {settings.temporal_namespace}: create it "
            "(`temporal operator namespace create`), or set AFTERCARE_TEMPORAL_NAMESPACE."
        )
    text = str(problem)
    if settings.tls:
        return _over_tls(settings, at, text) or _nobody(settings, text)
    if any(words in text for words in _CLOSED):
        return (
            f"Something {at} answers and closes the connection; it may speak TLS: "
            "set AFTERCARE_TEMPORAL_TLS=true (and AFTERCARE_TEMPORAL_TLS_CA)."
        )
    return _nobody(settings, text)


def _over_tls(settings: Settings, at: str, text: str) -> str | None:
    if "InvalidContentType" in text:
        return f"Temporal {at} does not speak TLS: set AFTERCARE_TEMPORAL_TLS=false, or name its TLS port."
    if "UnknownIssuer" in text:
        return (
            f"The certificate of Temporal {at} is from an authority that is not trusted here: "
            "set AFTERCARE_TEMPORAL_TLS_CA to the authority's file."
        )
    if "NotValidForName" in text:
        return (
            f"The certificate of Temporal {at} is for another name: set AFTERCARE_TEMPORAL_TLS_SERVER_NAME."
        )
    if "Expired" in text or "NotValidYet" in text:
        return f"The certificate of Temporal {at} is not valid now: look at its dates, and at this clock."
    if "KeyMismatch" in text:
        return "AFTERCARE_TEMPORAL_TLS_KEY is not the key of AFTERCARE_TEMPORAL_TLS_CERT."
    if any(words in text for words in _CLOSED):
        if settings.temporal_tls_cert is None:
            return (
                f"Temporal {at} closes the connection; it may ask for a client certificate: "
                "set AFTERCARE_TEMPORAL_TLS_CERT and AFTERCARE_TEMPORAL_TLS_KEY."
            )
        return (
            f"Temporal {at} closes the connection; it may not accept the client certificate "
            f"{settings.temporal_tls_cert}: set AFTERCARE_TEMPORAL_TLS_CERT to one that its authority issued."
        )
    return None


def _nobody(settings: Settings, text: str) -> str:
    if "dns error" in text:
        host = settings.temporal_address.rpartition(":")[0]
        return f"There is no host {host}: set AFTERCARE_TEMPORAL_ADDRESS."
    return (
        f"No Temporal server answers at {settings.temporal_address}. "
        "Start one with `aftercare dev`, or set AFTERCARE_TEMPORAL_ADDRESS."
    )


def _status(problem: BaseException) -> RPCStatusCode | None:
    """The server's answer; the SDK wraps the one it got while connecting into text."""
    if isinstance(problem, RPCError):
        return problem.status
    text = str(problem)
    for code, status in (
        ("Unauthenticated", RPCStatusCode.UNAUTHENTICATED),
        ("PermissionDenied", RPCStatusCode.PERMISSION_DENIED),
    ):
        if f"code: {code}" in text:
            return status
    return None
