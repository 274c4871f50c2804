"""X02: what a page of another site, another user of this machine, or a curious client may not do at the dashboard."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("starlette", reason="the dashboard is an extra: pip install 'fxrun[dashboard]'")
pytest.importorskip("uvicorn")

from runner.dashboard.guard import Rules, judge
from runner.dashboard.page import render
from tests.acceptance import broker, dashboards
from tests.acceptance.dashboards import Answer, Shown

HALT = {"lane": "all", "confirm": "halt", "plan": None, "cancel": False}
EVIL = "http://evil.com"
REFUSED = {403, 421}
TOKEN = "t" * 43


@pytest.fixture(scope="module")
def controlled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A dashboard that may do most: what is refused here is refused everywhere."""
    folder = tmp_path_factory.mktemp("controlled")
    (folder / "plans").mkdir(mode=0o700)
    (folder / "plans" / "a.yaml").write_text(dashboards.tick("a", "1h"))
    with dashboards.shown(folder, "--allow-control") as found:
        found.service.wait(lambda: found.ask("GET", "/view", token=found.token).body.count("runs") > 0)
        found.service.wait((folder / "plans" / "fxrun-simulate.db").exists, "the journal")
        yield found


def is_halted(found: Shown) -> bool:
    done = broker.run(found.service.folder, "status", "--json", "--journal", "plans/fxrun-simulate.db")
    (status,) = broker.lines(done, "status")
    return status["halt"] is not None


def attacks(found: Shown) -> Iterator[tuple[str, Answer, set[int]]]:
    """Yield what the catalogue names, and its kin: each with all that it lacks nothing else of."""
    own, token = f"http://127.0.0.1:{found.port}", found.token
    as_json = {"Content_Type": "application/json"}
    body = '{"lane": "all", "confirm": "halt"}'

    def post(**more: str) -> Answer:
        given = {**as_json, "body": body, "token": token, "Origin": own, **more}
        return found.ask("POST", "/control/halt", **given)

    yield "host of another name", post(host="evil.com"), REFUSED
    yield "host of another name with our port", post(host=f"evil.com:{found.port}"), REFUSED
    yield "host that begins with ours", post(host=f"127.0.0.1.evil.com:{found.port}"), REFUSED
    yield "host of this network", post(host=f"0.0.0.0:{found.port}"), REFUSED
    yield "reading by another host", found.ask("GET", "/view", token=token, host="evil.com"), REFUSED
    yield "the page itself by another host", found.ask("GET", "/", host="evil.com"), REFUSED
    yield "no host", found.raw(f"GET /view HTTP/1.0\r\nAuthorization: Bearer {token}\r\n\r\n"), REFUSED
    yield "no host, 1.1", found.raw("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), {400}
    two = f"Host: 127.0.0.1\r\nHost: evil.com\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
    yield "two hosts", found.raw(f"GET /view HTTP/1.1\r\n{two}\r\n"), {400, *REFUSED}
    yield "forwarded host", post(host="evil.com", X_Forwarded_Host=f"127.0.0.1:{found.port}"), REFUSED
    yield "origin null", post(Origin="null"), REFUSED
    yield "another origin", post(Origin=EVIL), REFUSED
    yield "another port's origin", post(Origin="http://127.0.0.1:1"), REFUSED
    yield "another scheme's origin", post(Origin=f"https://127.0.0.1:{found.port}"), REFUSED
    yield "no origin", post(Origin=""), REFUSED
    yield "reading for another origin", found.ask("GET", "/view", token=token, Origin=EVIL), REFUSED
    yield "another site", found.ask("GET", "/view", token=token, Sec_Fetch_Site="cross-site"), REFUSED
    yield "no token", found.ask("POST", "/control/halt", body=body, Origin=own, **as_json), REFUSED
    yield "wrong token", post(token="x" * len(token)), REFUSED
    yield "half a token", post(token=token[:-1]), REFUSED
    yield "token in the query", found.ask("GET", f"/view?token={token}"), REFUSED
    yield "token in a cookie", found.ask("GET", "/view", Cookie=f"token={token}"), REFUSED
    yield "a form", post(Content_Type="application/x-www-form-urlencoded"), REFUSED
    yield "text", post(Content_Type="text/plain"), REFUSED
    yield "halt by GET", found.ask("GET", "/control/halt", token=token), {405}
    yield "halt by HEAD", found.ask("HEAD", "/control/halt", token=token), {405}
    yield "preflight", found.ask("OPTIONS", "/control/halt", Origin=EVIL, Access_Control_Request_Method="POST"), REFUSED
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
               "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
    yield "WebSocket of another origin", found.ask("GET", "/events", Origin=EVIL, **upgrade), REFUSED
    yield "stream without token", found.ask("GET", "/events"), REFUSED
    yield "a longer path", found.ask("GET", "/static/../view"), {403, 404}
    yield "a file of the machine", found.ask("GET", "/static/..%2f..%2fguard.py"), {403, 404}
    yield "trace", found.ask("TRACE", "/view", token=token, Origin=own), REFUSED
    yield "no word typed", found.change("/control/halt", {"lane": "all"}), {400}
    yield "another word", found.change("/control/halt", {**HALT, "confirm": "HALT"}), {400}
    yield "no JSON", post(body="{"), {400}
    yield "deep JSON", found.ask("POST", "/control/halt", token=token, body="[" * 2000, Origin=own, **as_json), {400}
    yield "a long body", found.change("/control/halt", {**HALT, "more": "x" * 5000}), {413}
    yield "a lane that is none", found.change("/control/halt", {**HALT, "lane": "../x"}), {404}


def test_x02_no_attack_is_answered_and_nothing_changes(controlled: Shown) -> None:
    seen = 0
    for name, answer, expected in attacks(controlled):
        seen += 1
        assert answer.status in expected, (name, answer)
        assert controlled.token not in answer.body, name
        assert not [key for key in answer.headers if key.startswith("access-control-")], name
    assert seen >= 30
    assert not is_halted(controlled)


def test_x02_the_attacks_would_have_worked_for_the_owner(controlled: Shown) -> None:
    """The table can fail: the same request with nothing wrong in it halts."""
    assert controlled.change("/control/halt", HALT).status == 200
    assert is_halted(controlled)
    resumed = controlled.change("/control/resume", {"lane": "simulate", "confirm": "resume"})
    assert (resumed.status, is_halted(controlled)) == (200, False)


def test_x02_every_answer_carries_the_headers(controlled: Shown) -> None:
    token = controlled.token
    answers = [
        controlled.ask("GET", "/"),
        controlled.ask("GET", "/static/dashboard.js"),
        controlled.ask("GET", "/view", token=token),
        controlled.ask("GET", "/view"),
        controlled.ask("GET", "/nowhere", token=token),
        controlled.ask("GET", "/", host="evil.com"),
    ]
    assert [answer.status for answer in answers] == [200, 200, 200, 403, 404, 421]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers
        assert "server" not in answer.headers


def test_x02_what_is_open_says_nothing(controlled: Shown) -> None:
    for path in ("/", "/static/dashboard.js", "/static/dashboard.css", "/static/icon.svg"):
        body = controlled.ask("GET", path).body
        assert controlled.token not in body
        assert "simulate.db" not in body


def test_x02_a_dashboard_that_only_reads_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir(mode=0o700)
    with dashboards.shown(tmp_path) as found:
        found.service.wait((tmp_path / "plans" / "fxrun-simulate.db").exists, "the journal")
        answer = found.change("/control/halt", HALT)
        assert (answer.status, "--allow-control" in answer.body) == (403, True)
        assert 'data-control="no"' in found.ask("GET", "/view", token=found.token).body
        assert not is_halted(found)


def test_x02_the_token_is_for_its_owner_alone(controlled: Shown) -> None:
    assert stat.S_IMODE(controlled.file.stat().st_mode) == 0o600
    assert len(controlled.token) >= 43
    assert controlled.token not in controlled.service.told, "stderr is a file here, and so a log"
    assert str(controlled.file.name) in controlled.service.told
    command = Path(f"/proc/{controlled.service.process.pid}/cmdline").read_text()
    assert controlled.token not in command


def test_x02_hostile_texts_are_shown_as_texts(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    plans.mkdir(mode=0o700)
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    (plans / "a.yaml").write_text(f"# {evil} U1234567\n{dashboards.tick('a', '1h')}")
    (plans / "<img src=x>.yaml").write_text(f"plan: b\ncontract: {evil!r}\nside: buy\nsize: 1\n")
    with dashboards.shown(tmp_path) as found:
        found.service.wait(lambda: ">a</a>" in found.ask("GET", "/view", token=found.token).body, "the plan")
        overview = found.ask("GET", "/view", token=found.token).body
        page = found.ask("GET", "/view/simulate/a", token=found.token).body
        words = found.ask("GET", "/view?words=%22%3E%3Cscript%3E", token=found.token).body
        gone = found.ask("GET", "/view/simulate/%3Cscript%3E", token=found.token)
    for text in (overview, page, words, gone.body):
        assert "<script" not in text
        assert "<img" not in text
    assert "&lt;script&gt;" in page
    assert "\\u202e" in render("gone.html", plan="\u202e"), "a text that others turn round is not turned"
    assert "U1***567" in page
    assert "U1234567" not in page
    assert gone.status == 404


hosts = st.sampled_from(["127.0.0.1:8497", "localhost:8497", "[::1]:8497", "evil.com", "127.0.0.1.evil.com", ""])
names = st.sampled_from(["host", "origin", "authorization", "content-type", "sec-fetch-site", "cookie"])
values = st.one_of(
    hosts,
    hosts.map(lambda host: f"http://{host}"),
    st.sampled_from([f"Bearer {TOKEN}", "null", "application/json", "same-origin", "none", "cross-site"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
)


@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]),
    path=st.sampled_from(["/", "/view", "/events", "/control/halt", "/static/dashboard.js", "/static/../view"]),
    headers=st.lists(st.tuples(names, values), max_size=7),
    allow_control=st.booleans(),
)
def test_x02_only_the_page_itself_with_the_token_is_let_through(
    method: str, path: str, headers: list[tuple[str, str]], allow_control: bool
) -> None:
    """Whatever the headers are: nothing is read without the token and a loopback host, nothing changed without more."""
    if judge(method, path, headers, Rules(token=TOKEN, allow_control=allow_control)) is not None:
        return
    by_name = {name: [value for key, value in headers if key == name] for name, _ in headers}
    (host,) = by_name["host"]
    assert re.sub(r":\d+$", "", host) in ("127.0.0.1", "localhost", "[::1]")
    assert all(origin == f"http://{host}" for origin in by_name.get("origin", []))
    if path in ("/", "/static/dashboard.js") and method in ("GET", "HEAD"):
        return
    assert by_name["authorization"] == [f"Bearer {TOKEN}"]
    assert by_name.get("sec-fetch-site", ["none"])[0] in ("same-origin", "none")
    if method not in ("GET", "HEAD"):
        assert allow_control
        assert by_name["origin"] == [f"http://{host}"]
        assert by_name["content-type"] == ["application/json"]
