"""What user_sessions.py does where no visitor of the example comes. It is run with the
URL of a Redis, the package whose sessions it keeps, and what to do."""

import pickle
import sys
import urllib.request

from pyramid.config import Configurator
from pyramid.events import NewResponse
from pyramid.request import Request
from pyramid.response import Response

from shared_sessions import Redis, options_of, session_factory
from user_sessions import TOMBSTONES, UserSessions, now

url, package, ask, *words = sys.argv[1:]
redis = Redis(url)
sent, order = [], []


def counted(*command):
    sent.append(command[0])
    return stored(*command)


def stored(*command):
    order.append(command[0])
    return redis(*command)


users = UserSessions(counted, package, "session", "shared:")


def login(request):
    ticket = users.ticket("ann")
    if "meanwhile" in request.GET:
        users.end_all("ann")
    for page in words:  # where Go ends them
        urllib.request.urlopen(page).read()
    request.session.invalidate()
    users.login(request, "ann", ticket)
    return Response("welcome")


def read(request):
    return Response(request.session.get("_user_", "nobody"))


def moved(request):
    data = dict(request.session)
    request.session.invalidate()
    request.session.update(data)
    return Response("moved")


def other(request):
    return Response("no session")


def application(**more):
    options = options_of({"redis.sessions.secret": "a secret for tests, of more than 32 bytes", "redis.sessions.prefix": "shared:",
                          **{"redis.sessions." + k: v for k, v in more.items()}})
    config = Configurator(session_factory=session_factory(options, package, stored))
    config.add_subscriber(users.on_response, NewResponse)
    for view in (login, read, moved, other):
        config.add_route(view.__name__, "/" + view.__name__)
        config.add_view(view, route_name=view.__name__)
    return config.make_wsgi_app()


class Visitor:
    def __init__(self, app):
        self.app, self.cookie = app, None

    def get(self, path):
        request = Request.blank(path)
        if self.cookie:
            request.headers["Cookie"] = self.cookie
        del sent[:]
        response = request.get_response(self.app)
        if "Set-Cookie" in response.headers:
            self.cookie = response.headers["Set-Cookie"].split(";")[0]
        return response


key = users.key(users.hash("ann"))


def members():
    return {m for m in redis("ZRANGE", key, 0, -1) if m}


def records():
    return [k for k in redis("KEYS", "*") if k != key.encode()]


def equal(got, want):
    assert got == want, "got %r, want %r" % (got, want)


def walk():
    app = application()
    ann = Visitor(app)
    equal(ann.get("/login").status_int, 200)
    (first,) = members()
    equal(records(), [first[:-8]])
    # An end_all that lists the entry finds the record.
    assert order.index("SET") < order.index("ZADD"), order

    # What neither logs in nor is near the end of its lease sends nothing more.
    for path in ("/read", "/other"):
        ann.get(path)
        equal(sent, [])

    # Another ID, without another login, is filed too, with the same time of login.
    ann.get("/moved")
    (second,) = members() - {first}
    equal(second[-8:], first[-8:])

    # When half of the lease is over, the entry gets a longer one.
    record = pickle.loads(redis("GET", second[:-8]))
    data = record[users.data]
    user_hash, lease, at = data["_login_"].split(" ")
    idle = 1_200_000
    for left, renewed in ((idle + idle * 3 // 2 + 60_000, False), (idle + idle * 3 // 2 - 60_000, True)):
        until = now() + left
        data["_login_"] = "%s %d %s" % (user_hash, until, at)
        redis("SET", second[:-8], pickle.dumps(record))
        redis("ZADD", key, until, second)
        redis("PEXPIREAT", key, until)
        ann.get("/read")
        equal("ZADD" in sent, renewed)
        equal(float(redis("ZSCORE", key, second)) > until, renewed)
        equal(redis("PTTL", key) > left, renewed)

    # The password is changed between the ticket and the login.
    late = Visitor(app)
    response = late.get("/login?meanwhile=1")
    equal((response.status_int, "welcome" in response.text), (409, False))
    equal(members(), set())
    equal({k: pickle.loads(redis("GET", k)) for k in records()}, {m[:-8]: TOMBSTONES[package] for m in (first, second)})
    equal(late.get("/read").text, "nobody")
    equal(ann.get("/read").text, "nobody")
    equal(ann.get("/login").status_int, 200)
    equal(users.end_all("ann"), 1)
    equal(users.end_all("ann"), 0)

    if package == "pyramid_session_redis":  # the other has no session without a timeout
        for_good = Visitor(application(timeout="0"))
        for_good.get("/login")
        (member,) = members()
        equal(float(redis("ZSCORE", key, member)), 2**52 - 1)
        for_good.get("/read")
        equal(sent, [])
        equal(users.end_all("ann"), 1)


def renewed():
    """A session that moves while it is being ended is found at its next ID: also when the
    entry of that was there before its record."""
    at = (now() - 3_600_000).to_bytes(8, "big")
    old, new = b"shared:b", b"shared:a"  # members with one score are listed in the order of their bytes
    for entry_first in (False, True):
        redis("SET", old, pickle.dumps(TOMBSTONES[package]))
        redis("ZADD", key, 2**52 - 1, old + at)
        if entry_first:
            redis("ZADD", key, 2**52 - 1, new + at)
        replies = []

        def moving(*command):
            if command[0] == "DEL" and not replies and not entry_first:
                move()
            reply = redis(*command)
            if command[0] == "DEL":
                if not replies and entry_first:
                    move()
                replies.append(reply)
            return reply

        def move():
            redis("SET", new, pickle.dumps(TOMBSTONES[package]))
            redis("ZADD", key, 2**52 - 1, new + at)
            redis("DEL", old)

        equal(UserSessions(moving, package, "session", "shared:").end_all("ann"), 1)
        equal((records(), members()), ([], set()))
        assert 0 in replies, "no session was looked for while it moved"


def end_all():
    print(users.end_all(*words))


def login_once():
    print(Visitor(application()).get("/login").text)


{f.__name__: f for f in (walk, renewed, end_all, login_once)}[ask]()
