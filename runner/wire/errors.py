"""The peer's fault, said in one class."""

from __future__ import annotations

from runner.errors import FxrunError

SHOWN = 60


class WireError(FxrunError):
    """The bytes are not what the protocol says; names the message, the field and the value where there is one."""

    def __init__(
        self, problem: str, *, message_id: int | None = None, field: str = "", value: str | None = None
    ) -> None:
        self.problem = problem
        self.message_id = message_id
        self.field = field
        self.value = value
        super().__init__(self._text())

    def _text(self) -> str:
        where = "" if self.message_id is None else f"message {self.message_id}: "
        what = f"{self.field}: " if self.field else ""
        shown = "" if self.value is None else f", got {self.value[:SHOWN]!r}"
        return f"{where}{what}{self.problem}{shown}"
