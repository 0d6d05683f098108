"""The other side of peer_test.go: a real Python that loads, dumps and invents.

Frames on stdin and stdout: four bytes of length, most significant first, then
the frame. A request is one letter and its arguments; a reply is two frames,
the second of which may be empty. An error is the frame "!" and its text.

    L protocol pickle   loads it; reply: its notation, and it dumped again
    R protocol seed     invents a value; reply: its notation, and it dumped
    E protocol pickle   loads it and compares with what R invented

The notation is the one of testdata/vectors/payloads.json, but for floats,
which are given by their bits.
"""

import collections
import datetime
import decimal
import json
import pickle
import random
import struct
import sys
import uuid


def note(v):
    t = type(v)
    if v is None:
        return {"t": "none"}
    if t is bool:
        return {"t": "bool", "v": v}
    if t is int:
        return {"t": "int", "v": str(v)}
    if t is float:
        return {"t": "float", "v": "nan" if v != v else "bits:" + struct.pack(">d", v).hex()}
    if t is str:
        try:
            v.encode()
            return {"t": "str", "v": v}
        except UnicodeEncodeError:
            return {"t": "str_surrogates", "utf8_surrogatepass_hex": v.encode("utf-8", "surrogatepass").hex()}
    if t in (bytes, bytearray):
        return {"t": t.__name__, "hex": v.hex()}
    if t in (list, tuple):
        return {"t": t.__name__, "v": [note(x) for x in v]}
    if t in (set, frozenset):
        return {"t": t.__name__, "v": sorted((note(x) for x in v), key=key)}
    if t is dict:
        return {"t": "dict", "v": sorted(([note(k), note(x)] for k, x in v.items()), key=key)}
    if t is collections.OrderedDict:
        return {"t": "ordereddict", "v": [[note(k), note(x)] for k, x in v.items()]}
    if t in (datetime.datetime, datetime.time):
        n = {"t": t.__name__, "v": v.isoformat()}
        if v.fold:
            n["fold"] = 1
        if v.tzinfo is not None and len(v.tzinfo.__getinitargs__()) == 2:
            n["zone"] = v.tzinfo.__getinitargs__()[1]
        return n
    if t is datetime.date:
        return {"t": "date", "v": v.isoformat()}
    if t is datetime.timedelta:
        return {"t": "timedelta", "days": v.days, "seconds": v.seconds, "microseconds": v.microseconds}
    if t is decimal.Decimal:
        return {"t": "decimal", "v": str(v)}
    if t is uuid.UUID:
        return {"t": "uuid", "v": str(v)}
    raise TypeError("no notation for " + t.__name__)


def key(n):
    return json.dumps(n, sort_keys=True)


class Inventor:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.made = []

    def value(self, depth=0):
        r = self.r
        if self.made and r.random() < 0.08:
            return r.choice(self.made)  # a second reference to the same object
        if depth == 0 or depth < 4 and r.random() < 0.4:
            v = self.container(depth)
        else:
            v = self.atom()
        if len(self.made) < 50:
            self.made.append(v)
        return v

    def some(self):
        return range(self.r.choice([0, 1, 2, 3, 4, 5, 8]))

    def container(self, depth):
        kind = self.r.randrange(8)
        if kind == 0:
            return [self.value(depth + 1) for _ in self.some()]
        if kind == 1:
            return tuple(self.value(depth + 1) for _ in self.some())
        if kind == 2:
            return {self.hashable(depth + 1) for _ in self.some()}
        if kind == 3:
            return frozenset(self.hashable(depth + 1) for _ in self.some())
        if kind == 4:
            return {self.hashable(depth + 1): self.value(depth + 1) for _ in self.some()}
        if kind == 5:
            return collections.OrderedDict((self.hashable(depth + 1), self.value(depth + 1)) for _ in self.some())
        return {self.text(): self.value(depth + 1) for _ in self.some()}

    def hashable(self, depth):
        kind = self.r.randrange(8)
        if kind == 0 and depth < 4:
            return tuple(self.hashable(depth + 1) for _ in self.some())
        if kind == 1 and depth < 4:
            return frozenset(self.hashable(depth + 1) for _ in self.some())
        v = self.atom()
        return bytes(v) if type(v) is bytearray else v

    def atom(self):
        r = self.r
        return r.choice([
            lambda: None, lambda: True, lambda: False, self.integer, self.integer, self.floating, self.text,
            self.text, self.surrogates, self.octets, lambda: bytearray(self.octets()), self.datetime, self.date,
            self.time, self.timedelta, self.decimal, self.uuid,
        ])()

    def integer(self):
        n = self.r.getrandbits(self.r.choice([1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 500, 2050]))
        n += self.r.choice([-1, 0, 1])
        return -n if self.r.random() < 0.5 else n

    def floating(self):
        r = self.r
        return r.choice([
            lambda: r.random(), lambda: float(r.getrandbits(60)), lambda: struct.unpack(">d", struct.pack(">Q", r.getrandbits(64)))[0],
            lambda: float("inf"), lambda: float("-inf"), lambda: float("nan"), lambda: -0.0,
        ])()

    def text(self):
        r = self.r
        n = r.choice([0, 1, 2, 5, 20, 20, 30, 255, 256]) if r.random() < 0.998 else r.choice([65535, 66000])
        alphabet = r.choice(["ab", "\x00\n\r\\'\"\x1a\t", "\\uU0041x", "\x7f\x80\xff", "\u20ac\u65e5\ud7ff\ue000", "\U0001f600\U0010ffff", "aé€😀"])
        return "".join(r.choice(alphabet) for _ in range(n))

    def surrogates(self):
        return "a" + "".join(self.r.choice("x\ud800\udc00\udfff\\") for _ in self.some()) + "é"

    def octets(self):
        n = self.r.choice([0, 1, 3, 16, 16, 40, 255, 256])
        return self.r.getrandbits(8 * n).to_bytes(n, "big") if n else b""

    def zone(self):
        r = self.r
        kind = r.randrange(6)
        if kind == 0:
            return datetime.timezone.utc
        offset = datetime.timedelta(minutes=r.randrange(-1439, 1440))
        if kind == 1:
            return datetime.timezone(offset)
        if kind == 2:
            return datetime.timezone(offset, r.choice(["X", "Mitteleuropäisch", "UTC"]))
        if kind == 3:
            return datetime.timezone(offset + datetime.timedelta(seconds=r.randrange(60) - 30, microseconds=r.choice([0, 1, 999999])) * (abs(offset.total_seconds()) < 86000))
        return None

    def datetime(self):
        r = self.r
        return datetime.datetime(r.choice([1, 2, 1900, 2024, 9998, 9999]), r.randint(1, 12), r.randint(1, 28), r.randrange(24), r.randrange(60),
                                 r.randrange(60), r.choice([0, 1, 999999, 123456]), self.zone(), fold=int(r.random() < 0.1))

    def date(self):
        return datetime.date.fromordinal(self.r.randint(1, datetime.date.max.toordinal()))

    def time(self):
        r = self.r
        return datetime.time(r.randrange(24), r.randrange(60), r.randrange(60), r.choice([0, 1, 999999]), self.zone(), fold=int(r.random() < 0.1))

    def timedelta(self):
        r = self.r
        return datetime.timedelta(r.choice([0, -1, 1, 999999990, -999999990]), r.randrange(-100000, 100000) if r.random() < 0.5 else 0, r.randrange(1000000))

    def decimal(self):
        r = self.r
        if r.random() < 0.2:
            return decimal.Decimal(r.choice(["NaN", "-NaN", "NaN123", "Infinity", "-Infinity", "-0", "0E-10", "0E+3"]))
        digits = tuple(r.randrange(10) for _ in range(r.choice([1, 3, 30, 100])))
        return decimal.Decimal((r.randrange(2), digits, r.choice([0, -2, 5, -40, 300, -6, 999999])))

    def uuid(self):
        if self.r.random() < 0.2:
            return uuid.uuid1(node=self.r.getrandbits(48))
        return uuid.UUID(int=self.r.getrandbits(128))


def read(n):
    b = sys.stdin.buffer.read(n)
    if len(b) != n:
        sys.exit(0)
    return b


def write(b):
    sys.stdout.buffer.write(struct.pack(">I", len(b)) + b)


def answer(request, current):
    letter, protocol, rest = request[:1], min(request[1], pickle.HIGHEST_PROTOCOL), request[2:]
    if letter == b"R":
        v = Inventor(int.from_bytes(rest, "big")).value()
        pickled = pickle.dumps(v, protocol)
        # Before protocol 4 Python itself loses the fold of a time.
        return key(note(pickle.loads(pickled))).encode(), pickled, pickle.loads(pickled)
    v = pickle.loads(rest)
    if letter == b"L":
        return key(note(v)).encode(), pickle.dumps(v, protocol), current
    ours, theirs = key(note(current)), key(note(v))
    return (b"equal" if ours == theirs else b"!" + ours[:400].encode() + b" became " + theirs[:400].encode()), b"", current


def main():
    current = None
    while True:
        request = read(struct.unpack(">I", read(4))[0])
        try:
            first, second, current = answer(request, current)
        except Exception as e:
            first, second = b"!" + repr(e).encode("utf-8", "backslashreplace"), b""
        write(first)
        write(second)
        sys.stdout.buffer.flush()


main()
