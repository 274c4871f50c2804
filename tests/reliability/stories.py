"""True histories of orders, what a TWS would say of them, and what it answers when it is asked at the end.

The truth is kept in plain numbers here and computed from nothing of fxrun: which revisions of which executions stand,
what they cost, and in which state the broker has the order.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

from runner.core.contract import ContractSpec
from runner.core.facts import (
    CommissionSeen,
    CompletedOrderSeen,
    ExecutionSeen,
    Fact,
    NoticeSeen,
    OpenOrderSeen,
    OrderStatusSeen,
)
from runner.core.ids import OrderKey, fire_key
from runner.core.order_state import OrderState
from runner.core.ticket import OrderTicket, OrderType, Role, Side, TimeInForce

START = datetime(2025, 1, 6, 14, 30, tzinfo=UTC)
CLOSE = datetime(2025, 1, 6, 22, 0, tzinfo=UTC)  # 17:00 New York: DAY orders lapse
ENDINGS = (
    "working", "held", "inactive_held", "cancel_pending", "cancel_refused", "filled", "cancelled", "broker_cancelled",
    "expired", "rejected", "late_fill",
)  # fmt: skip
LOT = Decimal(1000)
REFUSALS = ((201, "Order rejected - reason:Margin"), (110, "The price does not conform"), (321, "Error validating"),
            (200, "No security definition"), (103, "Duplicate order id"), (434, "The order size is zero"))  # fmt: skip
WARNINGS = ((399, "will not be placed until"), (2109, "Outside RTH ignored"), (10349, "TIF was set"), (2104, "farm ok"))
CANNOT = "OrderId that needs to be cancelled cannot be cancelled, state: "
CANCEL_ANSWERS = ((10148, f"{CANNOT}PendingSubmit."), (161, "not in a cancellable state"), (10147, "is not found"),
                  (10148, "etat : Rempli"))  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What an example draws of one order; the rest follows from `seed`."""

    ending: str
    fills: int  # at most that many
    corrections: int
    seed: int


@dataclass
class Fill:
    """One execution with all its revisions: (quantity, price, commission) each."""

    root: str
    revisions: list[tuple[Decimal, Decimal, Decimal]]


@dataclass
class Story:
    """One order: its ticket, what is said of it, and the truth."""

    ticket: OrderTicket
    order_id: int
    perm_id: int
    shape: Shape
    random: Random
    counts_corrections: bool  # whether the filled quantity of this broker's statuses takes corrections in
    fills: list[Fill] = field(default_factory=list)
    said: list[Fact | str] = field(default_factory=list)  # "cancel": we ask for it then
    word: str = "Submitted"  # the broker's
    is_named: bool = True  # the completed orders name it

    @property
    def size(self) -> Decimal:
        return self.ticket.quantity

    @property
    def filled(self) -> Decimal:
        """The truth: the sum of the latest revisions."""
        return sum((fill.revisions[-1][0] for fill in self.fills), Decimal(0))

    @property
    def told(self) -> Decimal:
        """The filled quantity as this broker's statuses count it."""
        last = -1 if self.counts_corrections else 0
        return sum((fill.revisions[last][0] for fill in self.fills), Decimal(0))

    @property
    def average(self) -> Decimal | None:
        if not self.filled:
            return None
        return sum((f.revisions[-1][0] * f.revisions[-1][1] for f in self.fills), Decimal(0)) / self.filled

    @property
    def costs(self) -> dict[str, Decimal]:
        return {fill.root: fill.revisions[-1][2] for fill in self.fills}

    @property
    def state(self) -> OrderState:
        if self.filled >= self.size:
            return OrderState.FILLED
        return {
            "working": OrderState.WORKING, "held": OrderState.HELD, "inactive_held": OrderState.HELD,
            "cancel_pending": OrderState.CANCEL_PENDING, "cancel_refused": OrderState.WORKING,
            "filled": OrderState.FILLED, "cancelled": OrderState.CANCELLED, "broker_cancelled": OrderState.CANCELLED,
            "expired": OrderState.EXPIRED, "rejected": OrderState.REJECTED, "late_fill": OrderState.CANCELLED,
        }[self.shape.ending]  # fmt: skip

    @property
    def is_open(self) -> bool:
        return self.word in ("PreSubmitted", "Submitted", "PendingCancel", "Held")

    # --- what the broker says

    def status(self, word: str = "", **other: object) -> OrderStatusSeen:
        word = word or self.word
        left = max(Decimal(0), self.size - self.told)
        told = OrderStatusSeen(
            order_id=self.order_id, client_id=1, perm_id=self.random.choice((self.perm_id, self.perm_id, None)),
            status="Inactive" if word == "Held" else word, filled=self.told, remaining=left, average_price=None,
            why_held="locate" if word == "Held" else "",
        )  # fmt: skip
        return replace(told, **other)

    def open_order(self) -> OpenOrderSeen:
        word = "Inactive" if self.word == "Held" else self.word
        return OpenOrderSeen(
            order_id=self.order_id, client_id=1, perm_id=self.perm_id, order_ref=self.ticket.order_ref,
            account="DU1", status=word, warning="",
        )  # fmt: skip

    def execution(self, fill: Fill, revision: int) -> ExecutionSeen:
        """An execution may come with the order id 0, or with one that was given out again; its orderRef holds."""
        quantity, price, _ = fill.revisions[revision]
        return ExecutionSeen(
            order_id=self.random.choice((self.order_id, self.order_id, 0, 1)), client_id=1,
            perm_id=self.perm_id, order_ref=self.ticket.order_ref, exec_id=f"{fill.root}.{revision + 1:02}",
            account="DU1", contract="EUR.USD", side=Side.BUY, price=price, quantity=quantity, at=START,
        )  # fmt: skip

    def commission(self, fill: Fill, revision: int) -> CommissionSeen:
        return CommissionSeen(
            exec_id=f"{fill.root}.{revision + 1:02}", amount=fill.revisions[revision][2], currency="USD"
        )

    def answers(self) -> tuple[list[Fact], list[Fact], list[Fact]]:
        """What it says when it is asked for open orders, executions and completed orders."""
        executed: list[Fact] = []
        for fill in self.fills:
            last = len(fill.revisions) - 1
            executed += [self.execution(fill, last), self.commission(fill, last)]
        if self.is_open:
            return [self.open_order(), self.status()], executed, []
        if not self.is_named:
            return [], executed, []
        at = CLOSE if self.shape.ending == "expired" else START
        ended = CompletedOrderSeen(
            perm_id=self.perm_id, order_ref=self.ticket.order_ref, account="DU1", status=self.word,
            completed_status=f"{self.word} Size: {self.told}", filled=self.random.choice((self.told, None)), at=at,
        )  # fmt: skip
        return [], executed, [ended]

    # --- what happens

    def live(self) -> None:
        """Let it happen."""
        if self.shape.ending == "rejected":
            self._be_rejected()
            return
        if self.random.random() < 0.8:
            self._say("PendingSubmit", "PreSubmitted")
        self._say("Submitted")
        due = ["fill"] * self.shape.fills + ["correct"] * self.shape.corrections
        self.random.shuffle(due)
        before, after = (due, []) if self.shape.ending == "working" else self._halves(due)
        for step in before:
            self._step(step)
        if self.shape.ending == "filled":
            self._fill_up()
        self._end()
        for step in after:
            if step == "correct" or self.shape.ending == "late_fill":
                self._step(step, is_over=True)

    def _halves(self, due: list[str]) -> tuple[list[str], list[str]]:
        at = self.random.randint(0, len(due))
        return due[:at], due[at:]

    def _step(self, step: str, *, is_over: bool = False) -> None:
        if step == "fill":
            free = self.size - max(self.told, self.filled) - (0 if is_over else LOT)
            if free >= LOT:
                self._fill(LOT * self.random.randint(1, int(free / LOT)))
        elif self.fills:
            self._correct(self.random.choice(self.fills), is_over=is_over)

    def _fill(self, quantity: Decimal) -> None:
        fill = Fill(f"0000e0d5.{self.perm_id:x}.{len(self.fills) + 1:02}", [self._terms(quantity)])
        self.fills.append(fill)
        self.said += [self.execution(fill, 0), self.commission(fill, 0)]
        if self.random.random() < 0.2:
            self.said.append(replace(self.commission(fill, 0), amount=self.random.choice((None, Decimal(-1)))))
        if self.random.random() < 0.7:
            self.said += [self.open_order(), self.status()]

    def _terms(self, quantity: Decimal) -> tuple[Decimal, Decimal, Decimal]:
        price = Decimal(self.random.randint(10_000, 12_000)) / 10_000
        return quantity, price, Decimal(self.random.randint(100, 400)) / 100

    def _correct(self, fill: Fill, *, is_over: bool) -> None:
        """Put another quantity or price in the place of an execution's; an open order is not filled up by that."""
        now = fill.revisions[-1][0]
        most = now + self.size - max(self.told, self.filled) - (0 if is_over else LOT)
        quantity = LOT * self.random.randint(1, max(1, int(max(now, most) / LOT)))
        fill.revisions.append(self._terms(quantity))
        self.said += [self.execution(fill, len(fill.revisions) - 1), self.commission(fill, len(fill.revisions) - 1)]

    def _fill_up(self) -> None:
        while (free := self.size - self.told) > 0:
            self._fill(min(free, LOT * self.random.randint(1, int(self.size / LOT))))

    def _end(self) -> None:
        match self.shape.ending:
            case "held" | "inactive_held":
                self._say("Held" if self.shape.ending == "inactive_held" else "PreSubmitted")
            case "filled":
                self._say("Filled")
            case "cancel_pending":
                self.said.append("cancel")
                self._say("PendingCancel")
            case "cancel_refused":
                code, text = self.random.choice(CANCEL_ANSWERS)
                self.said += ["cancel", NoticeSeen(about=self.order_id, code=code, text=text)]
            case "cancelled" | "late_fill":
                self.said.append("cancel")
                self._say("PendingCancel")
                self.said.append(NoticeSeen(about=self.order_id, code=202, text="Order Canceled - reason:"))
                self._say("Cancelled")
            case "broker_cancelled" | "expired":
                self._say("Cancelled")

    def _be_rejected(self) -> None:
        code, text = self.random.choice(REFUSALS)
        self.said.append(NoticeSeen(about=self.order_id, code=code, text=text))
        self.word = "Inactive"
        self.is_named = self.random.random() < 0.7
        if self.random.random() < 0.7:
            self.said += [self.open_order(), self.status(self.random.choice(("Inactive", "Cancelled")))]

    def _say(self, *words: str) -> None:
        for word in words:
            self.word = word
            if self.random.random() < 0.8:
                self.said.append(self.open_order())
            self.said.append(self.status())


def story(shape: Shape, number: int, plan: str) -> Story:
    """Make the `number`-th order of an example and let it live; `plan` makes its identity."""
    random = Random(shape.seed)
    tif = TimeInForce.GTC if shape.ending == "broker_cancelled" else TimeInForce.DAY
    ticket = OrderTicket(
        key=OrderKey(plan=plan, order=f"o{number}", fire=fire_key(START), role=Role.ENTRY.value),
        role=Role.ENTRY,
        contract=ContractSpec(symbol="EUR", currency="USD"),
        side=Side.BUY,
        quantity=LOT * random.choice((25, 7)),
        order_type=OrderType.LIMIT,
        limit_price=Decimal("1.1"),
        time_in_force=tif,
    )
    told = Story(ticket, number, perm_of(plan, number), shape, random, counts_corrections=random.random() < 0.5)
    told.live()
    return told


def perm_of(plan: str, number: int) -> int:
    """Return a permId that no other order has: plans are named by numbers."""
    return int(plan.lstrip("p")) * 8 + number


def noise(stories: list[Story], random: Random) -> list[Fact]:
    """Return what a TWS says besides: warnings, states of its farms, words that nobody knows, orders of others."""
    order = random.choice(stories)
    code, text = random.choice(WARNINGS)
    return [
        NoticeSeen(about=random.choice((order.order_id, -1)), code=code, text=text),
        order.status("Foo", filled=random.choice((None, Decimal(0), Decimal("NaN"), Decimal("1E308")))),
        OpenOrderSeen(
            order_id=order.order_id, client_id=0, perm_id=7_000_000_001, order_ref="", account="DU1",
            status="Submitted", warning="",
        ),
        OrderStatusSeen(
            order_id=order.order_id, client_id=0, perm_id=7_000_000_001, status="Filled", filled=order.size,
            remaining=Decimal(0), average_price=None, why_held="",
        ),
    ]  # fmt: skip
