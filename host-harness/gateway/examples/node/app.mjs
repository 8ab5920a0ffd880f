// Passwords of its own, a second factor by Countersign: COUNTERSIGN_SOCKET=/run/mfa.sock node app.mjs 8000
import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import http from "node:http";
const digest = (password) => scryptSync(password, "one for each user", 32);
const USERS = new Map([["ada", digest("correct horse")]]); // yours: a database, with a limit on tries
const NOBODY = randomBytes(32), ENROLLED = new Set(), SESSIONS = new Map();
const COMPANIES = [{ company: "acme", roles: [], active: true }];
const PASSWORD = '<form method="post">Name <input name="name"> Password <input name="password" type="password"><button>Go</button></form>';
const CODE = '<form method="post">Code <input name="code" autocomplete="one-time-code"><button>Go</button></form>';
const now = () => Math.floor(Date.now() / 1000);
// Whatever is not `ok` throws, so that nobody gets any further for it.
const ask = (session, name, args) => new Promise((resolve, reject) => {
  const headers = { "Content-Type": "application/json", "Countersign-Client": session.client };
  const to = { socketPath: process.env.COUNTERSIGN_SOCKET, path: `/v1/${name}`, method: "POST", headers, timeout: 10_000 };
  const request = http.request(to, async (response) => {
    try {
      const answer = JSON.parse((await response.toArray()).join(""));
      response.statusCode === 200 && "ok" in answer ? resolve(answer.ok) : reject(new Error("not ok"));
    } catch (error) { reject(error); }
  });
  request.on("error", reject).on("timeout", () => request.destroy(new Error("too late")));
  request.end(JSON.stringify({ user: session.user, ...args }));
});
const firstFactor = (session) => ({ kind: "password", age: now() - session.typed, channel: "direct" });
async function signIn(session, form) {
  const name = form.get("name") ?? "", known = USERS.get(name) ?? NOBODY;
  if (!timingSafeEqual(known, digest(form.get("password") ?? ""))) return "Wrong. " + PASSWORD;
  for (const key of Object.keys(session)) if (key !== "client") delete session[key]; // nothing of whoever was in before
  Object.assign(session, { user: name, typed: now() });
  const request = { memberships: COMPANIES, "first-factor": firstFactor(session), purpose: "sign-in",
    "binding-attested": false, "known-enrolled": ENROLLED.has(name) };
  return goOn(session, await ask(session, "sign-in.begin", { request }));
}
async function code(session, form) {
  const asked = { ticket: session.ticket, method: "totp", code: form.get("code") ?? "" };
  if (session.step === "verification.verify") asked.remember = false;
  return goOn(session, await ask(session, session.step, asked));
}
async function goOn(session, { allow, challenge, enroll, accepted, rejected }) { // nobody gets any further anywhere else
  const word = accepted?.done ?? accepted?.assertion, offer = enroll ?? accepted?.enroll;
  if (word && word.user === session.user && word.purpose === "sign-in") {
    ENROLLED.add(word.user);
    Object.assign(session, { step: "in", word: { "factor-at": word["factor-at"], epoch: word.epoch } });
    return `You are in. Recovery code: ${accepted["recovery-code"]?.code ?? "the one you have"}`;
  }
  if (allow) return Object.assign(session, { step: "in", word: { "factor-at": null, epoch: allow.epoch } }) && "You are in.";
  if (challenge) return Object.assign(session, { step: "verification.verify", ticket: challenge.ticket }) && CODE;
  if (offer) {
    Object.assign(session, { step: "enrollment.confirm", ticket: offer.ticket });
    const label = { issuer: "Example", "account-name": session.user };
    const { secret } = await ask(session, "enrollment.begin-totp", { ticket: offer.ticket, label });
    return `Add this key to your app: <code>${secret}</code> ${CODE}`;
  }
  if (rejected?.["attempts-left"] > 0) return "Wrong, or used before. " + CODE;
  for (const key of Object.keys(session)) delete session[key];
  return "This is over. " + PASSWORD; // denied, or too many wrong codes
}
async function show(session) {
  if (session.step !== "in") return session.step ? CODE : PASSWORD;
  const asked = { memberships: COMPANIES, session: { "first-factor": firstFactor(session), ...session.word } };
  const assessed = await ask(session, "sign-in.assess", asked); // each time: a reset ends it at once
  if (assessed.continue) return `Hello ${session.user}.`;
  for (const key of Object.keys(session)) delete session[key];
  return PASSWORD;
}
http.createServer(async (request, response) => {
  const id = /(?:^|; )__Host-id=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1];
  const session = SESSIONS.get(id) ?? {}, fresh = randomBytes(32).toString("base64url");
  SESSIONS.delete(id);
  SESSIONS.set(fresh, session); // a new cookie each time; yours: an end, too
  session.client = request.socket.remoteAddress;
  let text = "This did not work, and nobody was let in. Please try again.", status = 503;
  try {
    const form = new URLSearchParams((await request.toArray()).join(""));
    const page = request.method !== "POST" ? show : session.ticket && session.step !== "in" ? code : signIn;
    [text, status] = [await page(session, form), 200];
  } catch { /* said above */ }
  response.writeHead(status, { "Content-Type": "text/html; charset=utf-8",
    "Set-Cookie": `__Host-id=${fresh}; Path=/; Secure; HttpOnly; SameSite=Strict` }).end(text);
}).listen(Number(process.argv[2]), "127.0.0.1");
