"""Valid frames with one to three fields changed, and frames that never were valid; made fast, as it takes many."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from random import Random

from tests.fuzz.corpus import Sample, samples

RAW_IDS_SINCE = 201
PROTOBUF_OFFSET = 200
MAX_SIZE = 0xFFFFFF
_FRONT = 24  # fields
Field = tuple[int, bytes, "Message | None"]  # its tag, its value as bytes, and what those mean if it is a message
Message = list[Field]

_TEXTS = (
    b"",
    b"0",
    b"1",
    b"-1",
    b"7",
    b"2147483647",
    b"2147483648",
    b"-2147483649",
    b"9223372036854775807",
    b"99999999999999999999",
    b"1e3",
    b"1e308",
    b"1e309",
    b"1e-400",
    b"1.7976931348623157E308",
    b"0.1",
    b"1.09995",
    b"-0.0",
    b"NaN",
    b"sNaN",
    b"inf",
    b"-Infinity",
    b"1_000",
    b" 1",
    b"1,5",
    b"0x10",
    "\u0663".encode(),
    "\u00e4\u20ac\U0001f600".encode(),
    b"\\u00e4\\ud800\\",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"true",
    b"x" * 400,
    b"1" * 5000,
    b"EUR",
    b"USD",
    b"AAPL",
    b"ES",
    b"CASH",
    b"STK",
    b"FUT",
    b"CMDTY",
    b"BAG",
    b"OPT",
    b"IDEALPRO",
    b"SMART",
    b"BUY",
    b"SELL",
    b"SSHORT",
    b"MKT",
    b"LMT",
    b"STP",
    b"STP LMT",
    b"TRAIL",
    b"TRAIL LIMIT",
    b"MIT",
    b"LIT",
    b"REL",
    b"DAY",
    b"GTC",
    b"GTD",
    b"IOC",
    b"FOK",
    b"OPG",
    b"All",
    b"DU1234567",
    b"F123",
    b"20250305 14:30:00 UTC",
    b"20250305-14:30:00",
    b"20250305 14:30:00 US/Eastern",
    b"99999999 99:99:99",
    b"00010101 00:00:00 UTC",
    b"99991231 23:59:59 UTC",
    b"20250305 14:30:00 ../../etc/passwd",
    b"1 D",
    b"3 Y",
    b"86400 S",
    b"999999999 W",
    b"5 secs",
    b"1 day",
    b"1 month",
    b"BID_ASK",
    b"TRADES",
    b"%s%n{0}",
    b"\n\r\t",
)
_NUMERALS = tuple(text for text in _TEXTS if text[-1:].isdigit() and len(text) < 30)
_WORDS = tuple(text for text in _TEXTS if text[:1].isupper())
_DOUBLES = tuple(
    struct.pack("<d", value)
    for value in (0.0, -0.0, 1.0, -1.0, 0.95, 1.5, 1e308, 5e-324, float("inf"), float("-inf"), float("nan"), 2.0**63)
)
_NUMBERS = (0, 1, 2, 7, 127, 128, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
_IDS = (0, 1, 2, 3, 4, 7, 9, 20, 49, 58, 71, 77, 99, 104, 105, 106, 199, 200, 201, 203, 271, 305, 9999, 1 << 30)


@dataclass(frozen=True, slots=True)
class Made:
    """One frame, and whether what follows it on the connection can still be read."""

    name: str
    how: str
    data: bytes
    is_last: bool = False


class Fuzzer:
    """Makes frames of one version from one stream of random numbers."""

    def __init__(self, random: Random, version: int, order_id: int = 0) -> None:
        """Its orders are numbered from behind order_id, so that not all of them are duplicates."""
        self._random = random
        self._version = version
        self._samples = samples(version)
        self._order_id = order_id

    def frame(self) -> Made:
        """Return one frame: every other one is a valid one with one to three fields changed."""
        return self._changed() if self._random.random() < 0.5 else self._odd()

    # --- changed

    def _changed(self) -> Made:
        sample = self._random.choice(self._samples)
        for_order = sample.name in ("PlaceOrder", "CancelOrder")
        if self._random.random() < 0.01:
            return self._with_length(sample)
        times = self._random.choice((1, 1, 2, 3))
        if _is_protobuf(sample, self._version):
            message = list(_parsed(sample.body[4:]) or [])
            if for_order:
                message[0] = (message[0][0], _varint(self._next_order_id()), None)
            for _ in range(times):
                self._change(message)
            return Made(sample.name, "protobuf field", _framed(sample.body[:4] + _written(message)))
        head, texts = self._parts(sample.body)
        if for_order:
            texts[_id_at(sample.name, self._version)] = b"%d" % self._next_order_id()
        for _ in range(times):
            self._change_text(texts)
        return Made(sample.name, "text field", _framed(head + b"\0".join(texts) + b"\0"))

    def _next_order_id(self) -> int:
        self._order_id += self._random.random() < 0.9
        return self._order_id

    def _with_length(self, sample: Sample) -> Made:
        length = max(0, len(sample.body) + self._random.choice((-20, -4, -1, 1, 4, 100, 70_000, MAX_SIZE)))
        return Made(sample.name, "length", struct.pack("!I", length) + sample.body, is_last=True)

    def _parts(self, body: bytes) -> tuple[bytes, list[bytes]]:
        """Return a raw id, if the version has one, and the fields."""
        head = 4 if self._version >= RAW_IDS_SINCE else 0
        return body[:head], body[head:].split(b"\0")[:-1]

    def _change_text(self, texts: list[bytes]) -> None:
        random = self._random
        most = len(texts) if random.random() < 0.5 else min(len(texts), _FRONT)  # what matters most stands in front
        at = random.randrange(most) if texts else 0
        what = random.random()
        if what < 0.5 and texts:
            texts[at] = random.choice(_WORDS if texts[at].isalpha() else _NUMERALS if texts[at] else _TEXTS)
        elif what < 0.8 and texts:
            texts[at] = random.choice(_TEXTS)
        elif what < 0.9 and texts:
            texts[at] = _flipped(random, texts[at])
        elif what < 0.95 and texts:
            del texts[at]
        else:
            texts.insert(at, random.choice(_TEXTS))

    def _change(self, message: Message) -> None:
        """Change one field of a message, or of a message in it."""
        random = self._random
        if not message:
            message.append((random.randrange(1, 1 << 12), random.choice(_TEXTS), None))
            return
        at = random.randrange(len(message))
        tag, value, inner = message[at]
        what = random.random()
        if inner is not None and what < 0.8:
            inner = list(inner)
            self._change(inner)
            message[at] = (tag, value, inner)
        elif what < 0.7:
            message[at] = (tag, self._other(tag & 7), None)
        elif what < 0.8:
            message[at] = (random.randrange(8, 1 << 10), value, None)
        elif what < 0.9:
            del message[at]
        else:
            message.insert(at, message[at])

    def _other(self, wire_type: int) -> bytes:
        if wire_type == 0:
            return _varint(self._random.choice(_NUMBERS))
        if wire_type == 1:
            return self._random.choice(_DOUBLES)
        text = self._random.choice(_TEXTS)
        return text if wire_type == 2 else text[:4].ljust(4, b"\0")

    # --- odd

    def _odd(self) -> Made:
        random = self._random
        if random.random() < 0.01:
            return self._unreadable()
        name, make = random.choice(_ODD)
        body: bytes = make(self)
        return Made("odd", name, _framed(body))

    def _unreadable(self) -> Made:
        random = self._random
        data = random.choice(
            (
                struct.pack("!I", MAX_SIZE + 1) + b"x",
                b"\xff\xff\xff\xff",
                struct.pack("!I", 1000) + b"half of it\0",
                b"\0\0",
                b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                b"API\0\0\0\0\x09v100..226",
                random.randbytes(random.randrange(1, 300)),
            )
        )
        return Made("odd", "unreadable", data, is_last=True)

    def noise(self) -> bytes:
        """Return random bytes."""
        return self._random.randbytes(self._random.randrange(200))

    def fields(self) -> bytes:
        """Return odd texts behind a known id, or an odd one."""
        random = self._random
        texts = [random.choice(_TEXTS) for _ in range(random.randrange(40))]
        return self._id(random.choice(_IDS)) + b"\0".join(texts) + b"\0"

    def truncated(self) -> bytes:
        """Return the beginning of a valid body."""
        body = self._random.choice(self._samples).body
        return body[: self._random.randrange(len(body) + 1)]

    def with_tail(self) -> bytes:
        """Return a valid body with more behind it."""
        body = self._random.choice(self._samples).body
        return body + b"\0".join(self._random.choices(_TEXTS, k=3))

    def flipped(self) -> bytes:
        """Return a valid body with some bytes changed anywhere."""
        return _flipped(self._random, self._random.choice(self._samples).body)

    def of_another_version(self) -> bytes:
        """Return a body that another version would write."""
        other = self._random.choice((100, 157, 200, 201, 213, 226))
        return self._random.choice(samples(other)).body

    def empty(self) -> bytes:
        """Return nothing."""
        return b""

    def large(self) -> bytes:
        """Return a large body: one field, or many; rarely, or there would be nothing else to do."""
        if self._random.random() < 0.95:
            return self.fields()
        size = self._random.choice((10_000, 60_000, 250_000))
        return self._id(self._random.choice(_IDS)) + (b"9" * size if self._random.random() < 0.5 else b"1\0" * size)

    def counts(self) -> bytes:
        """Return an order whose counts of parts promise much."""
        head, texts = self._parts(self._random.choice(self._samples).body)
        return head + b"\0".join(b"999999999" if text == b"0" else text for text in texts) + b"\0"

    def nested(self) -> bytes:
        """Return messages in messages in messages."""
        data = b"\x0a\0"
        for _ in range(self._random.randrange(200)):
            data = b"\x12" + _varint(len(data)) + data
        return self._id(self._random.choice((3, 9, 20, 1)) + PROTOBUF_OFFSET) + data

    def _id(self, number: int) -> bytes:
        return struct.pack("!I", number) if self._version >= RAW_IDS_SINCE else b"%d\0" % number


_ODD = (
    ("random", Fuzzer.noise),
    ("odd fields", Fuzzer.fields),
    ("truncated", Fuzzer.truncated),
    ("with a tail", Fuzzer.with_tail),
    ("flipped bytes", Fuzzer.flipped),
    ("another version", Fuzzer.of_another_version),
    ("empty", Fuzzer.empty),
    ("large", Fuzzer.large),
    ("counts", Fuzzer.counts),
    ("nested", Fuzzer.nested),
)


def greeting(random: Random) -> bytes:
    """Return what no greeting is, or an odd one."""
    offers = (b"v100..226", b"v1..50", b"v227..300", b"v99999..1", b"v", b"", b"v100..99999 +PACEAPI", b"\xff" * 9)
    choice = random.randrange(6)
    if choice == 0:
        return random.randbytes(random.randrange(400))
    if choice == 1:
        return b"API\0" + struct.pack("!I", random.choice((0, 3, MAX_SIZE, MAX_SIZE + 1, 1 << 31))) + b"v100"
    if choice == 2:
        return b"API\0"[: random.randrange(5)]
    offer = random.choice(offers)
    return b"API\0" + struct.pack("!I", len(offer)) + offer


def _framed(body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + body


def _flipped(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.randrange(1, 5)):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _id_at(name: str, version: int) -> int:
    """Return which field is the order id: in text versions the message id is before it, in many a version too."""
    first = 1 if version < RAW_IDS_SINCE else 0
    has_version = version < (145 if name == "PlaceOrder" else 192)
    return first + has_version


def _is_protobuf(sample: Sample, version: int) -> bool:
    if version < RAW_IDS_SINCE:
        return False
    (number,) = struct.unpack_from("!I", sample.body)
    return PROTOBUF_OFFSET < int(number) < 2 * PROTOBUF_OFFSET


# --- protobuf without its descriptors


@cache
def _parsed(data: bytes) -> tuple[Field, ...] | None:
    """Return the fields of a message, None if it is none."""
    found: list[Field] = []
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        end, begin = _end(data, at, tag & 7)
        if tag < 8 or end < 0 or end > len(data):
            return None
        value = data[begin:end]
        inner = _parsed(value) if tag & 7 == 2 and value[:1] < b" " else None  # texts do not begin like that
        found.append((tag, value, list(inner) if inner else None))
        at = end
    return tuple(found)


def _end(data: bytes, at: int, wire_type: int) -> tuple[int, int]:
    """Return where a value ends and where it begins; -1 if it cannot be read."""
    if wire_type == 0:
        return _read_varint(data, at)[1], at
    if wire_type == 2:
        size, begin = _read_varint(data, at)
        return begin + size, begin
    return (at + {1: 8, 5: 4}.get(wire_type, -len(data) - 9)), at


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    return value, at + 1


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _written(message: Message) -> bytes:
    out = bytearray()
    for tag, value, inner in message:
        data = value if inner is None else _written(inner)
        out += _varint(tag)
        if tag & 7 == 2:
            out += _varint(len(data))
        out += data
    return bytes(out)
