"""Whose session it is, in a Pyramid application that shares its sessions with Go:
the same index of a user's sessions that Go's Session.Login and Factory.EndAll use.

It needs Redis 7.0 and the standard library, and works with both Python packages. Its
redis is a function that sends a command: execute_command of a redis.Redis without
decode_responses.
"""

import hashlib
import pickle
import secrets
import time

MINUTE = 60_000
NEVER = 2**52 - 1  # the score of a session without a timeout
LAST_EXPIRY = 253402300799000  # the year 9999; Redis takes no later one
YOUNG = 20_000  # twice Go's save_timeout: a login may be half done for so long
ENDED = "ended"

# What stands in the place of a record that a login is about to write: a session whose
# times are over. Both packages and Go begin a new one.
TOMBSTONES = {
    "pyramid_redis_sessions": {"managed_dict": {"_login_": ENDED}, "created": 1.0, "timeout": 1},
    "pyramid_session_redis": {"m": {"_login_": ENDED}, "c": 1, "v": 1, "x": 1, "t": 1},
}


def now():
    return int(time.time() * 1000)


class UserSessions:
    """The sessions of an application's users. Cookie name and prefix are those of the
    settings, dumps and loads the serializer of the sessions."""

    def __init__(self, redis, package, cookie_name="session", prefix="", dumps=pickle.dumps, loads=pickle.loads):
        self.redis, self.cookie_name, self.prefix = redis, cookie_name, prefix or "session:"
        self.tombstone, self.loads = dumps(TOMBSTONES[package]), loads
        self.data = next(iter(TOMBSTONES[package]))

    def hash(self, user):
        return hashlib.sha256(b"\0".join([b"redissessions.user", self.cookie_name.encode(), user.encode()])).hexdigest()[:40]

    def key(self, user_hash):
        return self.prefix + "u:" + user_hash

    def lease(self, timeout):
        """Until when an entry counts: for longer than the session would live unused,
        because a read restarts the session's time to live and not the entry's."""
        idle = 1000 * (timeout or 0)
        return now() + idle + max(60 * MINUTE, 2 * idle) if idle else NEVER

    def epoch(self, key):
        """It changes when all of a user's sessions are ended."""
        return int(float(self.redis("ZSCORE", key, "") or 0))

    def expire_at(self, key, score):
        for condition in ("NX", "GT"):  # a key without an end; one that ends earlier
            self.redis("PEXPIREAT", key, min(score, LAST_EXPIRY), condition)

    def ticket(self, user):
        """Draw it before the password is checked."""
        return self.epoch(self.key(self.hash(user)))

    def login(self, request, user, ticket):
        """Call it in the view, with the password checked and the session's ID new."""
        session = request.session
        for name in ("_about_", "_labels_"):  # those of the login before
            session.pop(name, None)
        session["_user_"] = user
        session["_login_"] = "%s %d %d" % (self.hash(user), self.lease(session.timeout), now())
        request.login_ticket = ticket

    def on_response(self, event):
        """Subscribe it to NewResponse. pyramid_session_redis stores the session in a
        finished callback, and this adds one behind it; the response is sent afterwards."""
        event.request.add_finished_callback(lambda request: self.file(request, event.response))

    def file(self, request, response):
        """Adds the stored session of a login, and of a new ID, to the index."""
        session = request.__dict__.get("session")  # None when the request has not used it
        if session is None or session._invalidated:  # touched, it would begin anew
            return
        login = session.managed_dict.get("_login_", ENDED)
        if login == ENDED:
            return
        user_hash, lease, at = login.split(" ")
        until, ticket = self.lease(session.timeout), getattr(request, "login_ticket", None)
        overdue = int(lease) - now() < (until - now() + 1000 * (session.timeout or 0)) // 2
        if ticket is None and not session.new and not overdue:
            return
        until = until if overdue else int(lease)
        key, member = self.key(user_hash), session.session_id.encode() + int(at).to_bytes(8, "big")
        self.redis("ZADD", key, "GT", until, member)
        self.expire_at(key, until)
        epoch = self.epoch(key)  # after the ZADD: an end_all sees the entry, or we see its epoch
        if ticket is not None and epoch not in (0, ticket):
            self.redis("DEL", session.session_id)
            self.redis("ZREM", key, member)
            response.status, response.body = 409, b"All your sessions were ended meanwhile. Please log in again."

    def end_all(self, user):
        """Ends all sessions of a user, as Factory.EndAll does, and returns how many. When
        it raises, call it again."""
        began, key = now(), self.key(self.hash(user))
        self.redis("ZADD", key, 2**52 + secrets.randbelow(2**52), "")
        self.expire_at(key, began + 15 * MINUTE)
        ended, logins, missed, done = 0, None, set(), set()
        for _ in range(10):
            entries = {m: int.from_bytes(m[-8:], "big") for m in self.redis("ZRANGE", key, 0, -1) if m and m not in done}
            logins = set(entries.values()) if logins is None else logins
            # What is new in a later listing are renewals, which keep the time of login,
            # and logins that began after this did, which go on.
            entries = {m: at for m, at in entries.items() if at in logins or at <= began}
            if not entries:
                if done:  # last: until now another try would have found them
                    self.redis("ZREM", key, *done)
                return ended
            for member, at in entries.items():
                was_there = self.end(member[:-8].decode(), young=began - at < YOUNG)
                ended += was_there
                # A session that is missing may have been renewed: its next entry is in
                # the set by now. It is looked for once more.
                if was_there or began - at < YOUNG or member in missed:
                    done.add(member)
                missed.add(member)
        raise RuntimeError("the user's sessions are being renewed all the time; try again")

    def end(self, session_id, young):
        """Ends one session. While its login may be half done, a tombstone keeps Go from
        writing the record."""
        if not young:
            return self.redis("DEL", session_id) == 1
        record = self.redis("GET", session_id)
        self.redis("SET", session_id, self.tombstone, "EX", 60)
        return record is not None and self.loads(record)[self.data].get("_login_") != ENDED
