"""Passwords of its own, a second factor by Countersign: COUNTERSIGN_SOCKET=/run/mfa.sock python3 app.py 8000"""
import hashlib, hmac, http.client, json, os, secrets, socket, sys, time
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl
def digest(password): return hashlib.scrypt(password.encode(), salt=b"one for each user", n=2**14, r=8, p=1)
USERS, ENROLLED, SESSIONS = {"ada": digest("correct horse")}, set(), {}  # yours: a database, with a limit on tries
COMPANIES = [{"company": "acme", "roles": [], "active": True}]
PASSWORD = '<form method="post">Name <input name="name"> Password <input name="password" type="password"><button>Go</button></form>'
CODE = '<form method="post">Code <input name="code" autocomplete="one-time-code"><button>Go</button></form>'
def ask(session, function, /, **arguments):  # whatever is not `ok` raises, so that nobody gets any further for it
    link, to = http.client.HTTPConnection("localhost"), socket.socket(socket.AF_UNIX)
    to.settimeout(10)
    to.connect(os.environ["COUNTERSIGN_SOCKET"])
    link.sock, headers = to, {"Content-Type": "application/json", "Countersign-Client": session["client"]}
    link.request("POST", "/v1/" + function, json.dumps({"user": session["user"]} | arguments), headers)
    return json.load(link.getresponse())["ok"]
def first_factor(session): return {"kind": "password", "age": int(time.time() - session["typed"]), "channel": "direct"}
def sign_in(session, form):
    if not hmac.compare_digest(USERS.get(form.get("name"), b""), digest(form.get("password", ""))): return "Wrong. " + PASSWORD
    client = session["client"]
    session.clear()  # nothing of whoever was in here before
    session |= {"client": client, "user": form["name"], "typed": time.time()}
    request = {"memberships": COMPANIES, "first-factor": first_factor(session), "purpose": "sign-in",
               "binding-attested": False, "known-enrolled": form["name"] in ENROLLED}
    return go_on(session, ask(session, "sign-in.begin", request=request))
def code(session, form):
    asked = {"ticket": session["ticket"], "method": "totp", "code": form.get("code", "")}
    if session["step"] == "verification.verify": asked["remember"] = False
    return go_on(session, ask(session, session["step"], **asked))
def go_on(session, outcome):  # nobody gets any further anywhere else
    match outcome:
        case {"accepted": {"done": it} | {"assertion": it}} if (it["user"], it["purpose"]) == (session["user"], "sign-in"):
            ENROLLED.add(it["user"])
            session |= {"step": "in", "word": {"factor-at": it["factor-at"], "epoch": it["epoch"]}}
            return "You are in. Recovery code: " + str((outcome["accepted"].get("recovery-code") or {}).get("code", "the one you have"))
        case {"allow": it}:
            session |= {"step": "in", "word": {"factor-at": None, "epoch": it["epoch"]}}
            return "You are in."
        case {"challenge": it}:
            session |= {"step": "verification.verify", "ticket": it["ticket"]}
            return CODE
        case {"enroll": it} | {"accepted": {"enroll": it}}:
            session |= {"step": "enrollment.confirm", "ticket": it["ticket"]}
            label = {"issuer": "Example", "account-name": session["user"]}
            key = ask(session, "enrollment.begin-totp", ticket=it["ticket"], label=label)["secret"]
            return f"Add this key to your app: <code>{key}</code> {CODE}"
        case {"rejected": {"attempts-left": left}} if left > 0:
            return "Wrong, or used before. " + CODE
    session.clear()
    return "This is over. " + PASSWORD  # denied, or too many wrong codes
def show(session, _):
    assessed = session.get("step") == "in" and ask(session, "sign-in.assess", memberships=COMPANIES, session={
        "first-factor": first_factor(session), **session["word"]})
    if assessed and "continue" in assessed: return f"Hello {session['user']}."  # asked each time: a reset ends it at once
    if assessed: session.clear()
    return CODE if session.get("step") else PASSWORD
class App(BaseHTTPRequestHandler):
    def do_GET(self): self.answer(show, "")
    def do_POST(self): self.answer(None, self.rfile.read(int(self.headers["Content-Length"])).decode())
    def answer(self, page, form):
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("__Host-id")
        session = SESSIONS.pop(cookie.value, {}) if cookie else {}
        session["client"] = self.client_address[0]
        try: status, text = 200, (page or (code if session.get("step", "in") != "in" else sign_in))(session, dict(parse_qsl(form)))
        except Exception: status, text = 503, "This did not work, and nobody was let in. Please try again."
        SESSIONS[new := secrets.token_urlsafe()] = session  # a new cookie each time; yours: an end, too
        self.send_response(status)
        self.send_header("Set-Cookie", f"__Host-id={new}; Path=/; Secure; HttpOnly; SameSite=Strict")
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), App).serve_forever()
