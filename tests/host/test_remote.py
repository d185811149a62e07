"""Commands on another computer: logging in at a console over TLS, what each role may ask then, and
what a token that was ended, stolen or made up is good for."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result
from tests.host.web import fetch, served

from pressel.cli.login import login
from pressel.cli.logout import logout
from pressel.console.accounts import Accounts
from pressel.console.authority import Identity, fingerprint, identity
from pressel.console.commands import Commands
from pressel.console.door import Door
from pressel.console.guard import BODY_BYTES_MAX
from pressel.console.host_reader import HostReader
from pressel.console.rights import HERE_ONLY, NEEDED
from pressel.console.server import settings
from pressel.console.sessions import TRIES
from pressel.console.tokens import DAY_S, TOKENS_A_NAME_MAX, TOKENS_MAX, Tokens
from pressel.errors import PresselError, UnreachableError, UsageError
from pressel.node import control
from pressel.node.control import Reply
from pressel.node.host import HostNode
from pressel.node.options import HostOptions
from pressel.registry import backup, kit
from pressel.registry.identity import public_key
from pressel.registry.store import Registry
from pressel.remote import line
from pressel.remote.logins import Login, login_at, logins_file, place_of, read_logins

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # passwords are not the subject
PASSWORD = "a long password"
NOW = datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC)


@dataclass
class Venue:
    """A console over TLS; `asked` is what its host was asked, `now_s` the time of its tokens."""

    port: int
    tokens: Tokens
    door: Door
    identity: Identity
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    now_s: float = 1_800_000_000.0

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def login(self, name: str = "manage", *words: str, password: str = PASSWORD) -> Result:
        given = [self.place, "--as", name, "--password-stdin", *words]
        if "--fingerprint" not in words:
            given += ["--fingerprint", self.identity.fingerprint]
        return CliRunner().invoke(login, given, input=password + "\n", standalone_mode=False)

    def far(self, name: str) -> Login:
        """Logged in as `name`."""
        assert self.login(name).exception is None
        return login_at(f"https://{self.place}")


@pytest.fixture
def venue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Venue]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PRESSEL_HOST_STATE", str(tmp_path / "no state"))
    monkeypatch.setattr(control, "all_alive", list)
    state = tmp_path / "state"
    accounts = Accounts(state, QUICK)
    for role in ("see", "talk", "manage", "own"):
        accounts.put(role, role, PASSWORD)
    names = frozenset({"127.0.0.1", "localhost"})
    own = identity(state, names, datetime.datetime.now(datetime.UTC))
    tokens = Tokens(state, lambda: found.now_s)
    door = Door(accounts, True, tokens)
    found = Venue(0, tokens, door, own)

    def ask(verb: str, **fields: Any) -> Reply:
        found.asked.append((verb, fields))
        if verb == "device show":
            raise UsageError("there is no such device")
        return Reply({"verb": verb}, "Kitchen", (1, 2))

    commands = Commands(ask, door, tokens, own.authority)
    config = settings(
        HostReader(lambda verb, **fields: None), door, names, state, own.certificate, own.key,
        None, commands,
    )  # fmt: skip
    with served(config) as port:
        found.port = port
        yield found


def test_a_login_is_all_that_commands_need(venue: Venue, tmp_path: Path) -> None:
    run = venue.login("manage")
    assert run.exception is None and "as manage, who may manage, until " in run.stderr
    assert logins_file().is_relative_to(tmp_path) and logins_file().stat().st_mode & 0o777 == 0o600
    reply = control.request(control.find(None, None), "settings set", values={"a": 1}, base=3)
    assert reply == Reply({"verb": "settings set"}, "Kitchen", (1, 2))
    assert venue.asked == [("settings set", {"values": {"a": 1}, "base": 3, "for": "manage"})]
    run = CliRunner().invoke(logout, [], standalone_mode=False)
    assert run.exception is None and read_logins() == []
    assert venue.tokens.count() == {}
    with pytest.raises(UnreachableError, match="pressel login HOST"):
        control.find(None, None)


def test_what_the_host_refuses_is_raised_as_it_was_there(venue: Venue) -> None:
    with pytest.raises(UsageError, match="there is no such device"):
        control.ask(venue.far("see"), "device show", id="x")


@pytest.mark.parametrize("role", ["see", "talk", "manage", "own"])
def test_each_role_asks_what_it_covers_and_nothing_else(venue: Venue, role: str) -> None:
    far, order = venue.far(role), ("see", "talk", "manage", "own")
    for verb, needed in NEEDED.items():
        if verb == "device show":
            continue
        if order.index(role) >= order.index(needed):
            assert control.ask(far, verb)["verb"] == verb
            assert venue.asked.pop() == (verb, {"for": role})
        else:
            with pytest.raises(PresselError, match=f"this needs the role {needed}"):
                control.ask(far, verb)
    for verb in (*HERE_ONLY, "no verb"):
        with pytest.raises(PresselError):
            control.ask(far, verb)
    assert venue.asked == []


def test_fields_can_neither_name_another_verb_nor_somebody_else(venue: Venue) -> None:
    far = venue.far("see")
    for fields in ({"ask": "device key"}, {"verb": "device key"}, {"path": "/"}):
        with pytest.raises(UsageError, match="not understood"):
            line.post(far, "ask", {"ask": "status", "fields": fields})
    assert venue.asked == []
    line.post(far, "ask", {"ask": "status", "fields": {"for": "own", "who": "own"}})
    assert venue.asked == [("status", {"for": "see", "who": "own"})]


def test_a_token_ends_with_its_time_its_logout_and_its_account(venue: Venue) -> None:
    far = venue.far("see")
    venue.now_s += 30 * DAY_S - 1
    control.ask(far, "status")
    venue.now_s += 1
    with pytest.raises(UnreachableError, match=r"not logged in .* any more; run: pressel login"):
        control.ask(far, "status")
    venue.now_s -= 40 * DAY_S  # nor does a clock that was set back bring it to life
    with pytest.raises(UnreachableError, match="any more"):
        control.ask(far, "status")
    far = venue.far("see")
    assert CliRunner().invoke(logout, [], standalone_mode=False).exception is None
    with pytest.raises(UnreachableError, match="any more"):  # somebody has copied it
        control.ask(far, "status")
    for end in (lambda: venue.door.remove("see"), lambda: venue.tokens.end_all("see")):
        venue.door.accounts.put("see", "see", PASSWORD)
        far = venue.far("see")
        end()
        with pytest.raises(UnreachableError, match="any more"):
            control.ask(far, "status")
    with pytest.raises(UnreachableError, match="any more"):
        control.ask(far.model_copy(update={"token": "x" * 43}), "status")
    assert len(venue.asked) == 1


def test_a_role_that_is_taken_away_is_gone_at_once(venue: Venue) -> None:
    """Also when another console, or who put an older file back, has changed the account: its former
    logins end, and do not come back when somebody gets the same name."""
    far = venue.far("manage")
    file = venue.door.accounts._path
    before = file.read_text()
    venue.door.accounts.put("manage", "see", PASSWORD)
    with pytest.raises(UnreachableError, match="any more"):
        control.ask(far, "settings set")
    again = venue.far("manage")
    with pytest.raises(PresselError, match="your account may see"):
        control.ask(again, "settings set")
    file.write_text(before)
    for each in (again, far.model_copy(update={"token": again.token})):
        with pytest.raises(UnreachableError, match="any more"):
            control.ask(each, "status")
    control.ask(far, "status")  # the account is the one that it was made for


def test_a_stolen_token_ends_wherever_it_is_shown(venue: Venue, tmp_path: Path) -> None:
    """A thief who has the whole login asks as its owner, in the owner's name, until that logs out;
    the same request sent again, and a box made of kit and backup, then know nothing of it."""
    far = venue.far("manage")
    head = {"Content-Type": "application/json", "Authorization": f"Bearer {far.token}"}
    body = json.dumps({"ask": "settings set", "fields": {"values": {"a": 1}}})
    plain = settings(
        HostReader(lambda verb, **fields: None), venue.door, frozenset({"127.0.0.1"}), Path(),
        None, None, None,
        Commands(lambda verb, **fields: Reply(venue.asked.append((verb, fields))), venue.door,
                 venue.tokens, ""),
    )  # fmt: skip
    with served(plain) as port:
        assert fetch(port, "/api/ask", "POST", head, body)[0].status == 200
        assert venue.asked == [("settings set", {"values": {"a": 1}, "for": "manage"})]
        assert CliRunner().invoke(logout, [], standalone_mode=False).exception is None
        again = fetch(port, "/api/ask", "POST", head, body)
        assert again[0].status == 401 and len(venue.asked) == 1
    state, new = tmp_path / "state", tmp_path / "new"
    login_of_old = venue.far("manage").token
    Registry(state).close()
    public_key(state)
    words = kit.new_passphrase()
    kit.make(state, tmp_path / "kit", words)
    backup.back_up(state, tmp_path / "copy")
    kit.restore(tmp_path / "kit", words, tmp_path / "copy", new, is_stolen=True)
    assert Tokens(state, lambda: venue.now_s).find(login_of_old)
    assert Tokens(new, lambda: venue.now_s).find(login_of_old) is None


def test_the_file_of_tokens_opens_nothing(venue: Venue, tmp_path: Path) -> None:
    far = venue.far("see")
    kept = (tmp_path / "state" / "tokens.json").read_text()
    assert far.token not in kept
    assert (tmp_path / "state" / "tokens.json").stat().st_mode & 0o777 == 0o600
    for each in json.loads(kept)["tokens"]:
        with pytest.raises(UnreachableError):
            control.ask(far.model_copy(update={"token": each}), "status")


def test_wrong_passwords_are_answered_without_a_look_after_a_few(venue: Venue) -> None:
    said = [str(venue.login("own", password="no").exception) for _ in range(TRIES + 2)]
    assert said[:TRIES] == ["No account has this name and password"] * TRIES
    assert said[TRIES:] == ["Too many wrong passwords from here; wait a minute"] * 2
    assert read_logins() == []


def test_another_console_in_between_learns_no_password(venue: Venue, tmp_path: Path) -> None:
    other = identity(tmp_path / "other", ["127.0.0.1"], datetime.datetime.now(datetime.UTC))
    run = venue.login("own", "--fingerprint", other.fingerprint)
    assert "the fingerprint is another one" in str(run.exception)
    far = venue.far("own").model_copy(update={"authority": other.authority})
    with pytest.raises(UnreachableError, match="is not the console that it was"):
        control.ask(far, "status")
    words = [venue.place, "--as", "own", "--password-stdin"]
    run = CliRunner().invoke(login, words, input=PASSWORD, standalone_mode=False)
    assert isinstance(run.exception, UsageError) and "--fingerprint" in str(run.exception)
    assert venue.identity.fingerprint in run.stderr


def test_pages_cannot_ask_here(venue: Venue) -> None:
    plain = settings(
        HostReader(lambda verb, **fields: None), venue.door, frozenset({"127.0.0.1"}), Path(),
        None, None, None, Commands(lambda verb, **fields: Reply(1), venue.door, venue.tokens, ""),
    )  # fmt: skip
    token = venue.far("own").token
    head = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    body = json.dumps({"ask": "status", "fields": {}})
    with served(plain) as port:
        assert fetch(port, "/api/ask", "POST", head, body)[0].status == 200
        origin = {"Origin": f"http://127.0.0.1:{port}"}
        assert fetch(port, "/api/ask", "POST", {**head, **origin}, body)[0].status == 403
        form = {**head, "Content-Type": "text/plain"}
        assert fetch(port, "/api/ask", "POST", form, body)[0].status == 403
        name = {**head, "Host": "evil.example"}
        assert fetch(port, "/api/ask", "POST", name, body)[0].status == 421
        assert fetch(port, "/api/ask", "POST", head, body + " " * BODY_BYTES_MAX)[0].status == 413
        for wrong in ("[1]", "{}", '{"ask": 1, "fields": {}}', "[" * 9000, '{"ask": "status"}'):
            assert fetch(port, "/api/ask", "POST", head, wrong)[0].status == 400, wrong
        assert fetch(port, "/api/authority")[0].status == 404


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("leader.local", ("leader.local", 8470, False)),
        ("192.0.2.1:9000", ("192.0.2.1", 9000, False)),
        ("https://leader.local/", ("leader.local", 8470, False)),
        ("http://localhost:1", ("localhost", 1, True)),
        ("[2001:db8::1]:9", ("2001:db8::1", 9, False)),
        ("http://leader.local", None),
        ("ftp://leader.local", None),
        ("leader.local/page", None),
        ("leader.local:99999", None),
        ("me@leader.local", None),
        ("", None),
    ],
)
def test_where_a_console_is(text: str, place: tuple[str, int, bool] | None) -> None:
    if place is None:
        with pytest.raises(UsageError):
            place_of(text)
    else:
        assert place_of(text) == place


def test_all_who_log_in_at_once_are_in(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: tokens.make(f"n{number}", "", 1), range(16)))
    assert all(tokens.find(each) for each in made)


def test_a_machine_without_a_host_has_none_to_look_at(venue: Venue) -> None:
    venue.far("see")
    with pytest.raises(UnreachableError, match="no host runs on this machine"):
        control.here()


def test_tokens_are_bounded(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path, lambda: float(next(clock)))
    clock = iter(range(1000, 100_000))
    first = tokens.make("Ann", "", 1)
    for _ in range(TOKENS_A_NAME_MAX):
        tokens.make("Ann", "", 1)
    assert tokens.find(first) is None and tokens.count() == {"Ann": TOKENS_A_NAME_MAX}
    for days in (0, 91):
        with pytest.raises(UsageError, match="1 to 90 days"):
            tokens.make("Ann", "", days)
    file = tmp_path / "tokens.json"
    one = {"name": "Eve", "made_s": 1, "until_s": 1 << 40}
    many = {f"{number:064x}": one for number in range(TOKENS_MAX)}
    file.write_text(json.dumps({"version": 1, "tokens": many}))
    with pytest.raises(UsageError, match="log one out first"):
        tokens.make("Ann", "", 1)
    file.write_text("{")
    with pytest.raises(PresselError, match="damaged"):
        tokens.find(first)


def test_the_certificate_is_made_anew_when_it_ends_or_its_names_change(tmp_path: Path) -> None:
    def made(names: list[str], days: int = 0) -> Identity:
        return identity(tmp_path, names, NOW + datetime.timedelta(days=days))

    first = made(["leader.local", "192.0.2.1"])
    text = first.certificate.read_text()
    assert (tmp_path / "tls" / "authority-key.pem").stat().st_mode & 0o777 == 0o600
    assert made(["192.0.2.1", "Leader.local"]).certificate.read_text() == text
    assert made(["192.0.2.1", "leader.local"], 366).certificate.read_text() == text
    assert made(["192.0.2.1", "leader.local"], 368).certificate.read_text() != text
    assert made(["localhost"], 368).authority == first.authority
    first.key.write_text("damaged")
    made(["localhost"], 368)
    assert "PRIVATE KEY" in first.key.read_text()
    assert fingerprint(first.authority) == first.fingerprint and len(first.fingerprint) == 79
    (tmp_path / "tls" / "authority.pem").write_text("damaged")
    with pytest.raises(PresselError, match=r"cannot use .*log in everywhere anew"):
        made(["localhost"])


def test_every_verb_of_a_host_has_its_place(tmp_path: Path) -> None:
    host = HostNode(HostOptions(("127.0.0.1", 0), tmp_path), lambda event, fields: None)
    verbs = set(host._desk._verbs)
    assert verbs == NEEDED.keys() | HERE_ONLY.keys()
    assert not NEEDED.keys() & HERE_ONLY.keys()
    writes = {name for name, verb in host._desk._verbs.items() if verb.writes}
    assert {NEEDED[name] for name in writes & NEEDED.keys()} == {"talk", "manage", "own"}
