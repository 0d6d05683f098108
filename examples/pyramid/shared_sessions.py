"""A Pyramid session factory with the cookie, the key and the record of
pyramid_session_redis, in plain Python.

It stands for that package, which an application of yours would use; it is no
replacement for it. What it needs is the standard library and Pyramid.
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
    """Redis's protocol over a socket: enough for GET, SET, EXPIRE and DEL."""

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
        reply = self.stream.readline()
        if reply[:1] == b"-":
            raise RuntimeError(reply[1:].decode().strip())
        if reply[:1] != b"$":
            return reply[1:].strip()
        length = int(reply[1:])
        return None if length < 0 else self.stream.read(length + 2)[:-2]


def key_bytes(text):
    """A secret is Latin-1 when it can be, and otherwise UTF-8, as in WebOb."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


class Cookie:
    """The signed session ID: base64url(HMAC-SHA512 + ID), without padding."""

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


def now():
    return math.ceil(time.time())


@implementer(ISession)
class SharedSession(dict):
    """The session of one request. It is written once, after the response."""

    def __init__(self, redis, session_id, record):
        super().__init__(record["m"])
        self.redis, self.session_id, self.record = redis, session_id, record
        self.before = pickle.dumps(record["m"])
        self.created, self.new = record["c"], session_id is None

    def save(self, prefix):
        """Writes what has changed, and the time of expiry after every request.
        Like the package it stands for, it does not look at what is stored by
        now; the Go side does."""
        if pickle.dumps(dict(self)) == self.before and (self.new or not self.record.get("x")):
            return
        if self.new:
            self.session_id = prefix + secrets.token_urlsafe(48)
        timeout = self.record.get("t")
        if timeout:
            self.record["x"] = now() + timeout
        self.redis("SET", self.session_id, pickle.dumps({**self.record, "m": dict(self)}, 4))
        if timeout:
            self.redis("EXPIRE", self.session_id, timeout)

    def changed(self):
        """Changes are found by comparison."""

    def invalidate(self):
        if self.session_id is not None:
            self.redis("DEL", self.session_id)
        timeout = self.record.get("t")
        self.clear()
        self.__init__(self.redis, None, fresh(timeout))

    def flash(self, msg, queue="", allow_duplicate=True):
        messages = self.setdefault("_f_" + queue, [])
        if allow_duplicate or msg not in messages:
            messages.append(msg)

    def pop_flash(self, queue=""):
        return self.pop("_f_" + queue, [])

    def peek_flash(self, queue=""):
        return self.get("_f_" + queue, [])

    def new_csrf_token(self):
        self["_csrft_"] = secrets.token_hex(32)
        return self["_csrft_"]

    def get_csrf_token(self):
        return self.get("_csrft_") or self.new_csrf_token()


def fresh(timeout):
    record = {"m": {}, "c": now(), "v": 1}
    if timeout:
        record.update(t=timeout, x=now() + timeout)
    return record


def session_factory(settings):
    """The session factory for an application's settings. Like the package it
    stands for, it refuses a key that it does not know."""
    given = {k[len(PREFIX):]: v for k, v in settings.items() if k.startswith(PREFIX)}
    unknown = sorted(set(given) - set(DEFAULTS))
    if unknown:
        raise TypeError("unexpected settings: " + ", ".join(unknown))
    options = {**DEFAULTS, **given}
    cookie, redis = Cookie(options["secret"]), Redis(options["redis_url"])
    name, timeout = options["cookie_name"], int(options["timeout"])

    def load(request):
        session_id = cookie.loads(request.cookies.get(name, ""))
        stored = session_id and redis("GET", session_id)
        record = pickle.loads(stored) if stored else None
        if record is None or record.get("v") != 1 or record.get("x", math.inf) < time.time():
            session_id, record = None, fresh(timeout)
        return SharedSession(redis, session_id, record)

    def factory(request):
        session, came_with = load(request), request.cookies.get(name)

        def finish(request, response):
            session.save(options["prefix"])
            if session.session_id is None:
                if came_with:
                    response.delete_cookie(name)
            elif cookie.dumps(session.session_id) != came_with:
                httponly = options["cookie_httponly"].lower() == "true"
                response.set_cookie(name, cookie.dumps(session.session_id), httponly=httponly, samesite="lax")

        request.add_response_callback(finish)
        return session

    return factory
