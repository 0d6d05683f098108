"""A Pyramid application's side of a shared session, for the tests.

It speaks the cookies and the records of pyramid_redis_sessions ("original") and
pyramid_session_redis ("fork") through the standard library. Every line on stdin
is a question in JSON, every line on stdout its answer. Values cross in the
notation of testdata/vectors/payloads.json.
"""

import base64
import collections
import datetime
import decimal
import functools
import hashlib
import hmac
import json
import math
import pickle
import random
import secrets
import socket
import sys
import time
import uuid


# Values in notation.

def note(v):
    t = type(v)
    if v is None:
        return {"t": "none"}
    if t is bool:
        return {"t": "bool", "v": v}
    if t is int:
        return {"t": "int", "v": str(v)}
    if t is float:
        return {"t": "float", "v": repr(v)}
    if t is str:
        try:
            v.encode()
            return {"t": "str", "v": v}
        except UnicodeEncodeError:
            return {"t": "str_surrogates", "utf8_surrogatepass_hex": v.encode("utf-8", "surrogatepass").hex()}
    if t in (bytes, bytearray):
        return {"t": t.__name__, "hex": v.hex()}
    if t in (list, tuple, set, frozenset):
        return {"t": t.__name__, "v": [note(x) for x in v]}
    if t in (dict, collections.OrderedDict):
        return {"t": t.__name__.lower(), "v": [[note(k), note(x)] for k, x in v.items()]}
    if t in (datetime.datetime, datetime.date, datetime.time):
        n = {"t": t.__name__, "v": v.isoformat()}
        if getattr(v, "fold", 0):
            n["fold"] = 1
        if getattr(v, "tzinfo", None) and len(v.tzinfo.__getinitargs__()) == 2:
            n["zone"] = v.tzinfo.__getinitargs__()[1]
        return n
    if t is datetime.timedelta:
        return {"t": "timedelta", "days": v.days, "seconds": v.seconds, "microseconds": v.microseconds}
    if t is decimal.Decimal:
        return {"t": "decimal", "v": str(v)}
    if t is uuid.UUID:
        return {"t": "uuid", "v": str(v)}
    raise TypeError("no notation for " + t.__name__)


def canonical(n):
    """A notation in which the order of sets and dicts is always the same."""
    if isinstance(n, list):
        return [canonical(x) for x in n]
    if isinstance(n, dict):
        n = {k: canonical(x) for k, x in n.items()}
        if n.get("t") in ("set", "frozenset", "dict"):
            n["v"].sort(key=functools.partial(json.dumps, sort_keys=True))
    return n


class Inventor:
    """Random session data: each kind of value that a session may hold."""

    def __init__(self, seed):
        self.r = random.Random(seed)

    def session(self):
        data = {self.text(): self.value(0) for _ in range(self.r.randrange(1, 6))}
        if self.r.random() < 0.2:
            data[self.r.randrange(10)] = self.value(1)  # a key that Go does not see
        return data

    def value(self, depth):
        r = self.r
        kinds = [self.text, self.number, self.plain, self.when]
        if depth < 3:
            kinds += [self.listed, self.mapped, self.grouped]
        v = r.choice(kinds)
        return v(depth) if v in (self.listed, self.mapped, self.grouped) else v()

    def text(self):
        return "".join(self.r.choice("ab \n'\"\\\0é€😀") for _ in range(self.r.randrange(12)))

    def number(self):
        r = self.r
        return r.choice([lambda: r.getrandbits(7), lambda: -r.getrandbits(40), lambda: r.getrandbits(90), r.random, lambda: 3.0, lambda: float("nan")])()

    def plain(self):
        r = self.r
        return r.choice([None, True, False, b"\x00\xff", bytearray(b"x"), uuid.UUID(int=r.getrandbits(128)), decimal.Decimal("1.10")])

    def when(self):
        r = self.r
        day = datetime.datetime(2024, r.randrange(1, 13), 3, 4, 5, 6, 7)
        return r.choice([day, day.date(), day.time(), day.replace(tzinfo=datetime.timezone.utc), datetime.timedelta(-1, r.randrange(1000))])

    def listed(self, depth):
        elems = [self.value(depth + 1) for _ in range(self.r.randrange(4))]
        return self.r.choice([list, tuple])(elems)

    def mapped(self, depth):
        items = [(self.r.choice([self.text(), self.r.randrange(5), (1, "a")]), self.value(depth + 1)) for _ in range(self.r.randrange(4))]
        return self.r.choice([dict, collections.OrderedDict])(items)

    def grouped(self, _):
        return self.r.choice([set, frozenset])(self.text() for _ in range(self.r.randrange(5)))


# The two packages.

def key_bytes(text):
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


class Original:
    data = "managed_dict"
    members = ["managed_dict", "created", "timeout"]

    @staticmethod
    def sign(secret, session_id):
        blob = pickle.dumps(session_id, pickle.HIGHEST_PROTOCOL)
        return hmac.new(key_bytes(secret), blob, hashlib.sha1).hexdigest() + base64.b64encode(blob).decode()

    @staticmethod
    def verify(secret, cookie):
        blob = base64.b64decode(cookie[40:])
        mac = hmac.new(key_bytes(secret), blob, hashlib.sha1).hexdigest()
        return pickle.loads(blob) if hmac.compare_digest(mac, cookie[:40]) else None

    @staticmethod
    def new_id():
        return secrets.token_hex(32)

    @staticmethod
    def record(data, timeout):
        return {"managed_dict": data, "created": time.time(), "timeout": timeout}

    @staticmethod
    def touch(record):
        return record["timeout"]

    token_bytes = 20
    timeout = "timeout"


class Fork:
    data = "m"
    members = ["m", "c", "v", "x", "t"]
    salt = "pyramid_session_redis."

    @classmethod
    def mac(cls, secret, message):
        return hmac.new(key_bytes(cls.salt + secret), message, hashlib.sha512).digest()

    @classmethod
    def sign(cls, secret, session_id):
        message = session_id.encode()
        return base64.urlsafe_b64encode(cls.mac(secret, message) + message).decode().rstrip("=")

    @classmethod
    def verify(cls, secret, cookie):
        raw = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
        return raw[64:].decode() if hmac.compare_digest(cls.mac(secret, raw[64:]), raw[:64]) else None

    @staticmethod
    def new_id():
        return secrets.token_urlsafe(48)

    @staticmethod
    def record(data, timeout):
        now = math.ceil(time.time())
        record = {"m": data, "c": now, "v": 1}
        if timeout:
            record.update(t=timeout, x=now + timeout)
        return record

    @staticmethod
    def touch(record):
        timeout = record.get("t")
        if timeout and "x" in record:
            record["x"] = math.ceil(time.time()) + timeout
        return timeout

    token_bytes = 32
    timeout = "t"


layouts = {"original": Original, "fork": Fork}


def serializer(q):
    if q.get("serializer") == "json":
        return lambda v: json.dumps(v).encode(), json.loads
    return functools.partial(pickle.dumps, protocol=q.get("protocol", 4)), pickle.loads


# Redis, in its own protocol.

class Redis:
    def __init__(self, port):
        self.f = socket.create_connection(("127.0.0.1", port)).makefile("rwb")

    def __call__(self, *args):
        args = [a if isinstance(a, bytes) else str(a).encode() for a in args]
        self.f.write(b"*%d\r\n" % len(args) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in args))
        self.f.flush()
        line = self.f.readline().rstrip()
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            return None if rest == b"-1" else self.f.read(int(rest) + 2)[:-2]
        if kind == b":":
            return int(rest)
        if kind == b"-":
            raise RuntimeError(rest.decode())
        return rest


redis = functools.lru_cache(maxsize=None)(Redis)


# The questions.

def same(q):
    """Whether a record's data, or all of it, is what a notation says."""
    record = serializer(q)[1](bytes.fromhex(q["record"]))
    got = canonical(note(record[q["member"]] if q.get("member") else record))
    return {"same": got == canonical(q["want"]), "got": got}


def equal(q):
    """Whether two records are equal but for some of their members."""
    a, b = (serializer(q)[1](bytes.fromhex(q[name])) for name in ("a", "b"))
    for name in q.get("but", []):
        a.pop(name, None), b.pop(name, None)
    a, b = canonical(note(a)), canonical(note(b))
    return {"same": a == b, "got": b}


def sign(q):
    return {"cookie": layouts[q["layout"]].sign(q["secret"], q["id"])}


def verify(q):
    return {"id": layouts[q["layout"]].verify(q["secret"], q["cookie"])}


def begin(q):
    """A new session, as a Python application makes one."""
    layout = layouts[q["layout"]]
    dumps, loads = serializer(q)
    data = Inventor(q["seed"]).session() if "seed" in q else q.get("set", {})
    if "seed" in q:
        data["csrf"] = secrets.token_hex(layout.token_bytes)
    session_id = q.get("prefix", "") + layout.new_id()
    record = dumps(layout.record(data, q.get("timeout", 1200)))
    redis(q["port"])("SET", session_id, record)
    if q.get("timeout", 1200):
        redis(q["port"])("EXPIRE", session_id, q.get("timeout", 1200))
    return {"cookie": layout.sign(q["secret"], session_id), "id": session_id, "record": record.hex()}


def visit(q):
    """A request of a Python application: no comparison before its write."""
    layout = layouts[q["layout"]]
    dumps, loads = serializer(q)
    session_id = layout.verify(q["secret"], q["cookie"])
    if session_id is None:
        return {"missing": "the cookie does not verify"}
    stored = redis(q["port"])("GET", session_id)
    if stored is None:
        return {"missing": "there is no record", "id": session_id}
    record = loads(stored)
    data = record[layout.data]
    if "x" in record and time.time() > record["x"]:
        return {"missing": "it has expired", "id": session_id}
    data.update(q.get("set", {}))
    for name in q.get("delete", []):
        del data[name]
    for queue, message in q.get("flash", {}).items():
        data.setdefault("_f_" + queue, []).append(message)
    if "adjust_timeout" in q:
        record[layout.timeout] = q["adjust_timeout"]
    timeout = layout.touch(record)
    if q.get("write", True):
        redis(q["port"])("SET", session_id, dumps(record))
    if timeout:
        # EXPIRE takes whole numbers only, as the packages find out too late.
        redis(q["port"])("EXPIRE", session_id, timeout)
    return {"id": session_id, "data": note(data), "record": dumps(record).hex(), "members": note({k: v for k, v in record.items() if k != layout.data})}


def several(v):
    """Whether a value holds a set of several elements, whose order is that of their hashes."""
    if isinstance(v, dict):
        return any(several(k) or several(x) for k, x in v.items())
    if isinstance(v, (set, frozenset)):
        return len(v) > 1 or any(map(several, v))
    return isinstance(v, (list, tuple)) and any(map(several, v))


def read(q):
    """A request that only reads, in pyramid_session_redis with detect_changes.

    At its end the package serializes the session anew, and writes it where that
    differs from what is stored.
    """
    layout = layouts[q["layout"]]
    dumps, loads = serializer(q)
    session_id = layout.verify(q["secret"], q["cookie"])
    stored = redis(q["port"])("GET", session_id)
    record = loads(stored)
    record = {name: record[name] for name in layout.members if name in record}
    again = dumps(record)
    if hashlib.md5(again).digest() != hashlib.md5(stored).digest() and not several(record):
        redis(q["port"])("SET", session_id, again)
        return {"record": stored.hex(), "missing": "the bytes differ from Python's own: " + again.hex()}
    return {"record": stored.hex(), "data": note(record[layout.data])}


questions = {f.__name__: f for f in (same, equal, sign, verify, begin, visit, read)}

for line in sys.stdin:
    question = json.loads(line)
    try:
        answer = questions[question["ask"]](question)
    except Exception as e:
        answer = {"error": repr(e)}
    print(json.dumps(answer), flush=True)
