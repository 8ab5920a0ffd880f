"""A second factor by Countersign for an app with passwords. `session` is the app's own of a browser, on the server: a dict."""
import json, os, time
from urllib.request import ProxyHandler, Request, build_opener
SERVICE, SECRET = os.environ["COUNTERSIGN"], os.environ["COUNTERSIGN_SECRET"]  # http://127.0.0.1:7402, and what it asks for
COMPANIES = [{"company": "acme", "roles": [], "active": True}]  # yours: those of the user
OPEN = build_opener(ProxyHandler({})).open  # the service is on this machine, whatever proxy others are reached by
class Refused(Exception): """What was sent was not taken. Nobody got any further for it, nor for any other exception."""
def ask(session, function, /, **arguments):
    body = json.dumps({"user": session["user"], **arguments}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {SECRET}", "Countersign-Client": session["client"]}
    with OPEN(Request(f"{SERVICE}/v1/{function}", body, headers), timeout=10) as it: answer = json.load(it)
    if "ticket" in answer.get("err", ""): session.clear()  # it took too long, or is done with: sign in again
    if "ok" not in answer: raise Refused
    return answer["ok"]
def first_factor(session): return {"kind": "password", "age": int(time.time() - session["typed"]), "channel": "direct"}
def after_password(session, user, known_enrolled):  # once your own check of the password was right
    session.update(user=user, typed=time.time(), step=None)
    request = {"memberships": COMPANIES, "first-factor": first_factor(session), "purpose": "sign-in",
               "binding-attested": False, "known-enrolled": known_enrolled}
    return go_on(session, ask(session, "sign-in.begin", request=request))
def code(session, typed):
    more = {"remember": False} if session["step"] == "verification.verify" else {}
    return go_on(session, ask(session, session["step"], ticket=session["ticket"], method="totp", code=typed, **more))
def go_on(session, answer):  # nobody gets any further anywhere else; returns what is to be shown
    taken = answer.get("accepted", {})
    word, offer = taken.get("done") or taken.get("assertion"), answer.get("enroll") or taken.get("enroll")
    if word and (word["user"], word["purpose"]) != (session["user"], "sign-in"): raise Refused
    if word := word or answer.get("allow"):
        session.update(step="in", word={"factor-at": word.get("factor-at"), "epoch": word["epoch"]})
        return "in", (taken.get("recovery-code") or {}).get("code")
    if challenge := answer.get("challenge"): return session.update(step="verification.verify", ticket=challenge["ticket"]) or ("code", None)
    if offer:
        session.update(step="enrollment.confirm", ticket=offer["ticket"])
        label = {"issuer": "Example", "account-name": session["user"]}
        return "enroll", ask(session, "enrollment.begin-totp", ticket=offer["ticket"], label=label)["secret"]
    if answer.get("rejected", {}).get("attempts-left"): return "wrong", None
    return session.clear() or ("over", None)  # denied, or too many wrong codes
def still_in(session):  # at each request: a reset, or a deadline that passes, ends it at once
    known = session.get("step") == "in" and {"first-factor": first_factor(session), **session["word"]}
    return bool(known) and "continue" in ask(session, "sign-in.assess", memberships=COMPANIES, session=known)
