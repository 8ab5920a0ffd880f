// A second factor by Countersign for an app with passwords. `session` is the app's own of a browser, on the server.
const { COUNTERSIGN: SERVICE, COUNTERSIGN_SECRET: SECRET } = process.env; // http://127.0.0.1:7402, and what it asks for
const COMPANIES = [{ company: "acme", roles: [], active: true }]; // yours: the user's
export const clear = (session) => { for (const key of Object.keys(session)) delete session[key]; };
export class Refused extends Error {} // What was sent was not taken. Nobody got any further for it, nor for any other error.
async function ask(session, name, args) {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${SECRET}`, "Countersign-Client": session.client };
  const sent = { method: "POST", headers, body: JSON.stringify({ user: session.user, ...args }), redirect: "error" };
  const response = await fetch(`${SERVICE}/v1/${name}`, { ...sent, signal: AbortSignal.timeout(10_000) });
  if (response.status !== 200) throw new Error(`the decision service answered ${response.status}`);
  const answer = await response.json();
  if (answer.err?.ticket) clear(session); // it took too long, or is done with: sign in again
  return "ok" in answer ? answer.ok : Promise.reject(new Refused());
}
const firstFactor = (session) => ({ kind: "password", age: Math.floor((Date.now() - session.typed) / 1000), channel: "direct" });
export async function afterPassword(session, user, knownEnrolled) { // once your own check of the password was right
  Object.assign(session, { user, typed: Date.now(), step: null });
  const request = { memberships: COMPANIES, "first-factor": firstFactor(session), purpose: "sign-in", "binding-attested": false };
  return goOn(session, await ask(session, "sign-in.begin", { request: { ...request, "known-enrolled": knownEnrolled } }));
}
export async function code(session, typed) {
  const asked = { ticket: session.ticket, method: "totp", code: typed, ...(session.step === "verification.verify" && { remember: false }) };
  return goOn(session, await ask(session, session.step, asked));
}
async function goOn(session, answer) { // nobody gets any further anywhere else; returns what is to be shown
  const { allow, challenge, accepted, rejected, enroll = accepted?.enroll } = answer, shown = accepted?.done ?? accepted?.assertion;
  if (shown && (shown.user !== session.user || shown.purpose !== "sign-in")) throw new Refused();
  const word = shown ?? allow, ticket = challenge?.ticket ?? enroll?.ticket;
  if (word) session.word = { "factor-at": word["factor-at"] ?? null, epoch: word.epoch };
  if (word) return [session.step = "in", accepted?.["recovery-code"]?.code];
  Object.assign(session, ticket && { step: challenge ? "verification.verify" : "enrollment.confirm", ticket });
  if (challenge) return ["code"];
  const setup = { ticket, label: { issuer: "Example", "account-name": session.user } };
  if (enroll) return ["enroll", (await ask(session, "enrollment.begin-totp", setup)).secret];
  return rejected?.["attempts-left"] > 0 ? ["wrong"] : [clear(session) ?? "over"]; // denied, or too many wrong codes
}
export async function stillIn(session) { // at each request: a reset, or a deadline that passes, ends it at once
  const known = { "first-factor": firstFactor(session), ...session.word };
  return session.step === "in" && !!(await ask(session, "sign-in.assess", { memberships: COMPANIES, session: known })).continue;
}
