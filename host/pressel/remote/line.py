"""The line to a console: one request, one answer, over TLS."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any

from pressel.errors import PresselError, UnreachableError, UsageError
from pressel.json_text import read_json

from .logins import Login

PATH = "/api/"
ANSWER_LIMIT_S = 40.0  # the host behind the console may take 30
ANSWER_BYTES_MAX = 1 << 20  # as of a host's control socket
NO_CONSOLE = "what answers at {place} is no console of Pressel"
_GONE = 401
_ERRORS = {each.exit_code: each for each in (PresselError, UsageError, UnreachableError)}


def post(login: Login, what: str, told: dict[str, Any]) -> dict[str, Any]:
    """The console's answer to `told` at PATH + `what`. UnreachableError when it does not answer;
    what it refuses is raised as it was there."""
    head = {"Content-Type": "application/json", "Authorization": f"Bearer {login.token}"}
    status, text = _exchange(login, "POST", what, json.dumps(told), head, context_of(login))
    try:
        reply = read_json(text)
    except ValueError:
        reply = None
    if not isinstance(reply, dict) or not reply.keys() & {"answer", "error"}:
        said = text.strip() if status != 200 and text.isprintable() and len(text) < 200 else ""
        raise UnreachableError(said or NO_CONSOLE.format(place=login.place))
    if status == _GONE:
        raise UnreachableError(
            f"you are not logged in at {login.place} any more; run: pressel login {login.place}"
        )
    if "error" in reply:
        raise _ERRORS.get(reply.get("exit", 1), PresselError)(str(reply["error"]))
    return reply


def authority_of(login: Login) -> str:
    """The certificate of the authority that the console says is its own, PEM, believed by nobody
    yet; "" when it has none."""
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    status, text = _exchange(login, "GET", "authority", None, {}, anybody)
    return text if status == 200 else ""


def context_of(login: Login) -> ssl.SSLContext:
    """Whom to believe: the venue's authority alone, or where there is none whom this machine
    does."""
    if not login.authority:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=login.authority)
    except ssl.SSLError as error:
        raise UsageError(f"the authority of {login.place} is no certificate") from error
    return context


def _exchange(
    login: Login,
    method: str,
    what: str,
    body: str | None,
    head: dict[str, str],
    context: ssl.SSLContext,
) -> tuple[int, str]:
    place = (login.host, login.port)
    if login.is_plain:
        line = http.client.HTTPConnection(*place, timeout=ANSWER_LIMIT_S)
    else:
        line = http.client.HTTPSConnection(*place, timeout=ANSWER_LIMIT_S, context=context)
    try:
        line.request(method, PATH + what, body, head)
        answer = line.getresponse()
        data = answer.read(ANSWER_BYTES_MAX + 1)
    except ssl.SSLCertVerificationError as error:
        raise UnreachableError(
            f"{login.place} is not the console that it was ({error.verify_message}): find out why, "
            "then log in anew"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or error
        raise UnreachableError(f"no console answers at {login.place}: {why}") from error
    finally:
        line.close()
    if len(data) > ANSWER_BYTES_MAX:
        raise UnreachableError(NO_CONSOLE.format(place=login.place))
    return answer.status, data.decode("utf-8", "replace")
