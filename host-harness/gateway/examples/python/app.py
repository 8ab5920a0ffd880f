"""A small app with passwords of its own. README.md beside this folder says how to run it."""
import hashlib, hmac, secrets, sys
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import mfa


def digest(password):
    return hashlib.scrypt(password.encode(), salt=b"one for each user", n=2**14, r=8, p=1)


USERS, ENROLLED, SESSIONS = {"ada": digest("correct horse")}, set(), {}  # yours: a database, with a limit on tries
PASSWORD = '<form method="post">Name <input name="name"> Password <input name="password" type="password"><button>Go</button></form>'
CODE = '<form method="post">Code <input name="code" autocomplete="one-time-code" inputmode="numeric"><button>Go</button></form>'


def sign_in(session, form):
    name = form.get("name", "")
    if not hmac.compare_digest(USERS.get(name, b""), digest(form.get("password", ""))):
        return "Wrong. " + PASSWORD
    client = session["client"]
    session.clear()  # nothing of whoever was in here before
    session["client"] = client
    return page(session, *mfa.after_password(session, name, name in ENROLLED))


def code(session, form):
    return page(session, *mfa.code(session, form.get("code", "")))


def page(session, step, secret):
    if step == "in" and session["word"]["factor-at"]:
        ENROLLED.add(session["user"])  # whoever is known to have a factor is never taken for new
    return {
        "in": f"You are in. Recovery code: {secret or 'the one you have'}",
        "enroll": f"Add this key to your app: <code>{secret}</code> {CODE}",
        "code": CODE,
        "wrong": "Wrong, or used before. " + CODE,
        "over": "This is over. " + PASSWORD,
    }[step]


def show(session, _):
    if session.get("step") == "in":
        if mfa.still_in(session):
            return f"Hello {session['user']}."
        session.clear()
    return CODE if session.get("step") else PASSWORD


class App(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(show, "")

    def do_POST(self):
        self.answer(None, self.rfile.read(int(self.headers["Content-Length"])).decode())

    def answer(self, handler, body):
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("__Host-id")
        session = SESSIONS.pop(cookie.value, {}) if cookie else {}
        session["client"] = self.client_address[0]
        handler = handler or (code if (session.get("step") or "in") != "in" else sign_in)
        try:
            status, text = 200, handler(session, {name: values[0] for name, values in parse_qs(body).items()})
        except mfa.Refused:
            status, text = 422, "This was not taken. " + (CODE if session.get("step") else PASSWORD)
        except Exception:
            status, text = 503, "This did not work, and nobody was let in. Please try again."
        SESSIONS[new := secrets.token_urlsafe()] = session  # a new cookie each time; yours: an end, too
        self.send_response(status)
        self.send_header("Set-Cookie", f"__Host-id={new}; Path=/; Secure; HttpOnly; SameSite=Strict")
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), App).serve_forever()
