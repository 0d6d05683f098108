"""The Pyramid application of the example: the paths under /py/.

    python3 shared_app.py pyramid.ini

prints the port it listens on, and ends when its standard input does.
"""

import datetime
import html
import os
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

from pyramid.config import Configurator
from pyramid.events import NewResponse
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.paster import get_app
from pyramid.response import Response

from shared_sessions import Redis, options_of, session_factory
from user_sessions import UserSessions

PAGE = """<!doctype html>
<title>Python</title>
<h1>This page is Python's</h1>
<p>user: <b>{user}</b></p>
<p>messages: {messages}</p>
<form method="post" action="/py/login"><input name="user" required> <button>Log in, in Python</button></form>
<form method="post" action="/py/logout"><button>Log out, in Python</button></form>
<form method="post" action="/py/everywhere"><button>Log out everywhere, in Python</button></form>
<p><a href="/">The page that is Go's</a></p>
"""


def home(request):
    session = request.session
    return Response(PAGE.format(
        user=html.escape(session.get("user", "nobody")),
        messages=html.escape("; ".join(session.pop_flash())),
    ))


def login(request):
    user = request.POST["user"]
    ticket = request.users.ticket(user)
    # Here the password would be checked.
    data = dict(request.session)
    request.session.invalidate()  # another ID at login
    request.session.update(data)
    request.session.new_csrf_token()
    request.session["user"] = user
    request.users.login(request, user, ticket)
    # Go has no tuples and no naive times, and gives both back as they are.
    request.session["login"] = ("python", datetime.datetime(2024, 1, 2, 3, 4, 5))
    request.session.flash("Python has logged you in.")
    return HTTPSeeOther("/py/")


def everywhere(request):
    """Ends all sessions of the user, those that Go logged in too."""
    user = request.session.get("_user_")
    if user is None:
        return HTTPSeeOther("/py/")
    ended = request.users.end_all(user)
    request.session.invalidate()
    return Response("Python has ended %d sessions." % ended, content_type="text/plain")


def logout(request):
    request.session.invalidate()
    return HTTPSeeOther("/py/")


def where(request):
    """For the check: what Python finds under "login"."""
    return Response(repr(request.session.get("login")), content_type="text/plain")


def main(global_config, **settings):
    url = os.environ.get("REDIS_SESSIONS_REDIS_URL")
    if url:
        settings["redis.sessions.redis_url"] = url
    settings["go.redis.sessions.format"] = os.environ.get("REDIS_SESSIONS_FORMAT") or settings["go.redis.sessions.format"]
    options = options_of(settings)
    redis, package = Redis(options["redis_url"]), settings["go.redis.sessions.format"]
    config = Configurator(settings=settings, session_factory=session_factory(options, package, redis))
    users = UserSessions(redis, package, options["cookie_name"], options["prefix"])
    config.add_request_method(lambda request: users, "users", property=True)
    config.add_subscriber(users.on_response, NewResponse)
    config.add_route("home", "/py/")
    config.add_route("login", "/py/login", request_method="POST")
    config.add_route("logout", "/py/logout", request_method="POST")
    config.add_route("everywhere", "/py/everywhere", request_method="POST")
    config.add_route("where", "/py/where")
    for view in (home, login, logout, everywhere, where):
        config.add_view(view, route_name=view.__name__)
    return config.make_wsgi_app()


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, get_app(sys.argv[1]), handler_class=Quiet)
    threading.Thread(target=end_with_parent, daemon=True).start()
    print(server.server_port, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass  # Ctrl-C reaches both programs; the other one says goodbye
