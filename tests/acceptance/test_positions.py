"""`fxrun positions` as a process, against the process of a gateway."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from runner.core.contract import ContractSpec
from runner.core.ticket import Side
from tests.acceptance.broker import ACCOUNT, client, gateway, lines, run, text_of, ticket


def test_none_then_long_and_short(tmp_path: Path) -> None:
    yen = ContractSpec(symbol="USD", currency="JPY")
    with gateway() as port:
        empty = run(tmp_path, "positions", "--port", port)
        assert run(tmp_path, "positions", "--port", port, "--json").stdout == ""
        with client(port) as place:
            place(ticket())
            place(ticket("second", contract=yen, side=Side.SELL, quantity=Decimal(30_000)))
        done = run(tmp_path, "positions", "--port", port, "--json")
        text = run(tmp_path, "positions", "--port", port)
    assert empty.returncode == 0
    assert text_of(empty).splitlines()[1:] == ["no positions"]
    assert (done.returncode, done.stderr) == (0, "")
    euro, dollar = lines(done)
    assert list(euro) == ["type", "time", "account", "contract", "quantity", "average_cost"]
    assert (euro["type"], euro["account"], euro["contract"]) == ("position", ACCOUNT, "EUR.USD")
    assert (euro["quantity"], dollar["contract"], dollar["quantity"]) == ("25000", "USD.JPY", "-30000")
    assert Decimal(euro["average_cost"]) > 0
    *_, head, _, first, second = text_of(text).splitlines()
    end = head.index("quantity") + len("quantity")
    assert (first[:end].split(), second[:end].split()) == (["EUR.USD", "25,000"], ["USD.JPY", "-30,000"])
    assert not first[end : end + 2].strip()


def test_a_first_pass_that_cannot_be_made_ends_watch_too(tmp_path: Path) -> None:
    """Somebody who has mistyped a port must not wait for ever."""
    with gateway() as port:
        pass
    done = run(tmp_path, "positions", "--watch", "--port", port)
    assert done.returncode == 5
