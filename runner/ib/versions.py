"""One face for ibapi 9.81.1 to 10.51: what differs between them is looked up once, here."""

from __future__ import annotations

import importlib
import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ibapi
from ibapi import comm, utils
from ibapi.client import EClient
from ibapi.decoder import Decoder
from ibapi.order_state import OrderState
from ibapi.server_versions import MAX_CLIENT_VER, MIN_CLIENT_VER
from ibapi.wrapper import EWrapper

_RAW_ID = 201  # the server version from which a message id is four raw bytes
_PROTOBUF = 200  # an id above it is that of a protobuf message


@dataclass(frozen=True, kw_only=True, slots=True)
class IbapiInfo:
    """The installed ibapi; more than one distribution means that they overwrote each other's files."""

    distributions: tuple[tuple[str, str], ...]
    module_version: str
    max_server_version: int


def installed() -> IbapiInfo:
    """Look the installed ibapi up; reads the metadata of every installed distribution, so not for a fast path."""
    from importlib import metadata

    owners = sorted(set(metadata.packages_distributions().get("ibapi", [])))
    return IbapiInfo(
        distributions=tuple((name, metadata.version(name)) for name in owners),
        module_version=str(getattr(ibapi, "__version__", "") or "unknown"),
        max_server_version=int(MAX_CLIENT_VER),
    )


def quieten() -> None:
    """Let ibapi's decoder ask nobody at each field whether it shall be logged; some generations do not ask."""
    log = getattr(utils, "logger", None)
    if log is not None and not log.isEnabledFor(logging.DEBUG):
        log.debug = _say_nothing


def _say_nothing(_text: str, *_values: object) -> None:
    return


def greeting() -> bytes:
    """Return the first bytes of a session: the server versions that this ibapi can speak."""
    offer = f"v{MIN_CLIENT_VER}..{MAX_CLIENT_VER}".encode()
    return b"API\0" + len(offer).to_bytes(4, "big") + offer


def offered(server_version: int) -> bool:
    """Tell whether the greeting offers that version."""
    return bool(MIN_CLIENT_VER <= server_version <= MAX_CLIENT_VER)


class StrictDecoder(Decoder):  # type: ignore[misc]
    """ibapi's decoder, but a message of the wrong length is an error and not one line in a log nobody reads."""

    def interpretWithSignature(self, fields: tuple[bytes, ...], handleInfo: Any) -> None:
        """Call the callback that the message is for."""
        expected = len(handleInfo.wrapperParams or ()) - 1
        found = len(fields) - _FIELDS_BEFORE
        if handleInfo.wrapperParams is not None and found != expected:
            raise ValueError(f"it has {found} fields, {expected} were expected")
        super().interpretWithSignature(fields, handleInfo)


def _takes(function: Callable[..., object], parameter: str) -> bool:
    return parameter in inspect.signature(function).parameters


_ID_APART = _takes(Decoder.interpret, "msgId")
_FIELDS_BEFORE = 1 if _ID_APART else 2
_HAS_ERROR_TIME = _takes(EWrapper.error, "errorTime")


def message_id(frame: bytes, server_version: int) -> tuple[int, bytes]:
    """Split a frame into its message id and the rest."""
    if server_version >= _RAW_ID:
        if len(frame) < 4:
            raise ValueError("it is too short for a message id")
        return int.from_bytes(frame[:4], "big"), frame[4:]
    head, found, rest = frame.partition(b"\0")
    if not found:
        raise ValueError("it has no message id")
    return int(head), rest


def dispatch(decoder: Decoder, frame: bytes, server_version: int) -> None:
    """Have the installed decoder read one frame and call what it is for."""
    identity, rest = message_id(frame, server_version)
    if not _ID_APART:
        decoder.interpret(comm.read_fields(frame))
    elif identity > _PROTOBUF and hasattr(decoder, "processProtoBuf"):
        decoder.processProtoBuf(rest, identity - _PROTOBUF)
    else:
        decoder.interpret(comm.read_fields(rest), identity)


def error_code_and_text(arguments: tuple[object, ...]) -> tuple[int, str]:
    """Pick code and text out of what error() is given after its first argument; newer ones put the time between."""
    code, text = arguments[1:3] if _HAS_ERROR_TIME else arguments[:2]
    return int(str(code)), str(text)


@dataclass(frozen=True, slots=True)
class Commission:
    """The commission of an order that was only asked about, as ibapi hands it over."""

    amount: Any
    least: Any
    most: Any
    currency: Any


def commission_of(state: OrderState) -> Commission:
    """Pick the commission out of an order's state; from 10.37 on its fields are named for fees as well."""
    if hasattr(state, "commissionAndFees"):
        return Commission(
            state.commissionAndFees,
            state.minCommissionAndFees,
            state.maxCommissionAndFees,
            state.commissionAndFeesCurrency,
        )
    return Commission(state.commission, state.minCommission, state.maxCommission, state.commissionCurrency)


def _cancel_arguments() -> tuple[object, ...]:
    """Return what cancelOrder wants beside the id: nothing, a time, or an object."""
    if len(inspect.signature(EClient.cancelOrder).parameters) == 2:
        return ()
    try:
        return (importlib.import_module("ibapi.order_cancel").OrderCancel(),)
    except ModuleNotFoundError:
        return ("",)


def cancel(client: EClient, order_id: int) -> None:
    """Ask for the cancellation of an order."""
    client.cancelOrder(order_id, *_cancel_arguments())
