"""Conversions at FXCONV: cash moves as at IDEALPRO, and the broker holds no position of the pair afterwards."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.acceptance.broker import gateway, lines, run

PLAN = "plan: p\nconvert: {from: EUR, to: USD, keep: 1_000, venue: %s}\n"


@pytest.mark.parametrize(("venue", "position"), [("FXCONV", []), ("IDEALPRO", ["-9000"])])
def test_a_conversion_moves_cash_and_leaves_a_position_at_idealpro_alone(
    venue: str, position: list[str], tmp_path: Path
) -> None:
    (tmp_path / "p.yaml").write_text(PLAN % venue)
    with gateway("--cash", "EUR=10000", "--cash", "USD=5000") as port:
        done = run(tmp_path, "p.yaml", "--rehearsal", f"127.0.0.1:{port}", "--json")
        assert done.returncode == 0, done.stderr
        settings = f"connection: {{port: {port}, query_client_id: 9}}\naccount: DU1234567\n"
        held = run(tmp_path, "positions", "--json", settings=settings)
        (account,) = lines(run(tmp_path, "account", "--json"), "account")
    (fill,), (cost,) = lines(done, "fill"), lines(done, "commission")
    assert (fill["side"], fill["quantity"]) == ("sell", "9000")
    assert [line["quantity"] for line in lines(held, "position")] == position
    gained = 9000 * Decimal(fill["price"]) - Decimal(cost["amount"])
    assert account["cash"] == {"EUR": "1000.00", "USD": f"{5000 + gained:.2f}"}


def test_fxconv_takes_market_orders_alone(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(PLAN % "FXCONV" + "order: {type: limit, price: 1.5}\n")
    with gateway("--cash", "EUR=10000") as port:
        done = run(tmp_path, "p.yaml", "--rehearsal", f"127.0.0.1:{port}", "--json")
    assert done.returncode == 4
    assert 387 in [line["code"] for line in lines(done, "notice")]
