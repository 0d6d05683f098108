"""A Pyramid session factory with the cookies, the keys and the records of
pyramid_session_redis and of pyramid_redis_sessions, in plain Python.

It stands for these packages, one of which an application of yours would use; it is no
replacement for them. What it needs is the standard library and Pyramid.
"""

import base64
import hashlib
import hmac
import math
import pickle
import secrets
import socket
import time
import urllib.parse

from pyramid.interfaces import ISession
from zope.interface import implementer

PREFIX = "redis.sessions."
SALT = "pyramid_session_redis."

DEFAULTS = {
    "secret": None,
    "redis_url": "redis://localhost:6379/0",
    "timeout": "1200",
    "cookie_name": "session",
    "cookie_httponly": "true",
    "prefix": "",
}


class Redis:
    """Redis's protocol over a socket."""

    def __init__(self, url):
        url = urllib.parse.urlsplit(url)
        self.stream = socket.create_connection((url.hostname, url.port or 6379)).makefile("rwb")
        self("SELECT", url.path.strip("/") or "0")

    def __call__(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.stream.write(b"*%d\r\n" % len(words))
        for word in words:
            self.stream.write(b"$%d\r\n%s\r\n" % (len(word), word))
        self.stream.flush()
        return self.reply()

    def reply(self):
        line = self.stream.readline()
        kind, rest = line[:1], line[1:].strip()
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b"+":
            return rest
        number = int(rest)
        if kind == b":" or number < 0:
            return None if number < 0 and kind != b":" else number
        if kind == b"*":
            return [self.reply() for _ in range(number)]
        return self.stream.read(number + 2)[:-2]


def key_bytes(text):
    """A secret is Latin-1 when it can be, and otherwise UTF-8, as in WebOb."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


class SessionRedis:
    """What pyramid_session_redis keeps: its cookie is base64url(HMAC-SHA512 + ID), without
    padding."""

    data, created, timeout = "m", "c", "t"
    token_bytes = 32

    def __init__(self, secret):
        self.key = key_bytes(SALT + secret)

    def mac(self, session_id):
        return hmac.new(self.key, session_id, hashlib.sha512).digest()

    def dumps(self, session_id):
        raw = session_id.encode()
        return base64.urlsafe_b64encode(self.mac(raw) + raw).decode().rstrip("=")

    def loads(self, value):
        try:
            raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        except ValueError:
            return None
        mac, session_id = raw[:64], raw[64:]
        return session_id.decode() if hmac.compare_digest(mac, self.mac(session_id)) else None

    def new_id(self):
        return secrets.token_urlsafe(48)

    def fresh(self, timeout):
        record = {"m": {}, "c": now(), "v": 1}
        if timeout:
            record.update(t=timeout, x=now() + timeout)
        return record

    def is_over(self, record):
        return record.get("v") != 1 or record.get("x", math.inf) < time.time()

    def touch(self, record):
        """Whether the record must be written to restart its timeout."""
        if "x" in record:
            record["x"] = now() + record["t"]
        return "x" in record


class RedisSessions:
    """What pyramid_redis_sessions keeps: its cookie is the hex digits of HMAC-SHA1, then
    base64(pickle(ID))."""

    data, created, timeout = "managed_dict", "created", "timeout"
    token_bytes = 20

    def __init__(self, secret):
        self.key = key_bytes(secret)

    def mac(self, blob):
        return hmac.new(self.key, blob, hashlib.sha1).hexdigest()

    def dumps(self, session_id):
        blob = pickle.dumps(session_id, 2)
        return self.mac(blob) + base64.b64encode(blob).decode()

    def loads(self, value):
        try:
            blob = base64.b64decode(value[40:])
        except ValueError:
            return None
        return pickle.loads(blob) if hmac.compare_digest(self.mac(blob), value[:40]) else None

    def new_id(self):
        return secrets.token_hex(32)

    def fresh(self, timeout):
        return {"managed_dict": {}, "created": time.time(), "timeout": timeout}

    def is_over(self, record):
        return False

    def touch(self, record):
        return False


PACKAGES = {"pyramid_session_redis": SessionRedis, "pyramid_redis_sessions": RedisSessions}


def now():
    return math.ceil(time.time())


@implementer(ISession)
class SharedSession(dict):
    """The session of one request. It gets its ID, and so its cookie, with the response,
    and is written once, behind it."""

    def __init__(self, redis, package, session_id, record):
        super().__init__(record[package.data])
        self.redis, self.package, self.session_id, self.record = redis, package, session_id, record
        self.before = pickle.dumps(record[package.data])
        self.created, self.new = record[package.created], session_id is None

    def ensure_id(self, prefix):
        if self.session_id is None and self:
            self.session_id = prefix + self.package.new_id()

    @property
    def managed_dict(self):
        return self

    @property
    def _invalidated(self):
        return self.session_id is None and not self

    @property
    def timeout(self):
        return self.record.get(self.package.timeout)

    def save(self):
        """Writes what has changed, and what restarts the timeout after every request.
        Like the packages it stands for, it does not look at what is stored by
        now; the Go side does."""
        if self.session_id is None:
            return
        changed = pickle.dumps(dict(self)) != self.before
        if self.package.touch(self.record) or changed:
            self.redis("SET", self.session_id, pickle.dumps({**self.record, self.package.data: dict(self)}, 4))
        if self.timeout:
            self.redis("EXPIRE", self.session_id, self.timeout)

    def changed(self):
        """Changes are found by comparison."""

    def invalidate(self):
        if self.session_id is not None:
            self.redis("DEL", self.session_id)
        self.clear()
        self.__init__(self.redis, self.package, None, self.package.fresh(self.timeout))

    def flash(self, msg, queue="", allow_duplicate=True):
        messages = self.setdefault("_f_" + queue, [])
        if allow_duplicate or msg not in messages:
            messages.append(msg)

    def pop_flash(self, queue=""):
        return self.pop("_f_" + queue, [])

    def peek_flash(self, queue=""):
        return self.get("_f_" + queue, [])

    def new_csrf_token(self):
        self["_csrft_"] = secrets.token_hex(self.package.token_bytes)
        return self["_csrft_"]

    def get_csrf_token(self):
        return self.get("_csrft_") or self.new_csrf_token()


def options_of(settings):
    """The options in an application's settings. Like the packages it stands for, it
    refuses a key that it does not know."""
    given = {k[len(PREFIX):]: v for k, v in settings.items() if k.startswith(PREFIX)}
    unknown = sorted(set(given) - set(DEFAULTS))
    if unknown:
        raise TypeError("unexpected settings: " + ", ".join(unknown))
    return {**DEFAULTS, **given}


def session_factory(options, package, redis):
    """The session factory for options, with a package of PACKAGES."""
    cookie = package = PACKAGES[package](options["secret"])
    name, timeout = options["cookie_name"], int(options["timeout"])

    def load(request):
        session_id = cookie.loads(request.cookies.get(name, ""))
        stored = session_id and redis("GET", session_id)
        record = pickle.loads(stored) if stored else None
        if record is None or package.is_over(record):
            session_id, record = None, package.fresh(timeout)
        return SharedSession(redis, package, session_id, record)

    def factory(request):
        session, came_with = load(request), request.cookies.get(name)

        def finish(request, response):
            session.ensure_id(options["prefix"])
            if session.session_id is None:
                if came_with:
                    response.delete_cookie(name)
            elif cookie.dumps(session.session_id) != came_with:
                httponly = options["cookie_httponly"].lower() == "true"
                response.set_cookie(name, cookie.dumps(session.session_id), httponly=httponly, samesite="lax")

        request.add_response_callback(finish)
        request.add_finished_callback(lambda request: session.save())
        return session

    return factory
