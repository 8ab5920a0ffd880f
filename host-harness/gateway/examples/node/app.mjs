// A small app with passwords of its own. README.md beside this folder says how to run it.
import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import http from "node:http";
import * as mfa from "./mfa.mjs";

const digest = (password) => scryptSync(password, "one for each user", 32);
const USERS = new Map([["ada", digest("correct horse")]]); // yours: a database, with a limit on tries
const NOBODY = randomBytes(32), ENROLLED = new Set(), SESSIONS = new Map();
const PASSWORD = '<form method="post">Name <input name="name"> Password <input name="password" type="password"><button>Go</button></form>';
const CODE = '<form method="post">Code <input name="code" autocomplete="one-time-code" inputmode="numeric"><button>Go</button></form>';

async function signIn(session, form) {
  const name = form.get("name") ?? "", known = USERS.get(name) ?? NOBODY;
  if (!timingSafeEqual(known, digest(form.get("password") ?? ""))) return "Wrong. " + PASSWORD;
  const { client } = session;
  mfa.clear(session); // nothing of whoever was in here before
  session.client = client;
  return page(session, ...(await mfa.afterPassword(session, name, ENROLLED.has(name))));
}

const code = async (session, form) => page(session, ...(await mfa.code(session, form.get("code") ?? "")));

function page(session, step, secret) {
  if (step === "in" && session.word["factor-at"]) ENROLLED.add(session.user); // whoever is known to have a factor is never taken for new
  return {
    in: `You are in. Recovery code: ${secret ?? "the one you have"}`,
    enroll: `Add this key to your app: <code>${secret}</code> ${CODE}`,
    code: CODE,
    wrong: "Wrong, or used before. " + CODE,
    over: "This is over. " + PASSWORD,
  }[step];
}

async function show(session) {
  if (session.step === "in") {
    if (await mfa.stillIn(session)) return `Hello ${session.user}.`;
    mfa.clear(session);
  }
  return session.step ? CODE : PASSWORD;
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
    const handler = request.method !== "POST" ? show : session.step && session.step !== "in" ? code : signIn;
    [text, status] = [await handler(session, form), 200];
  } catch (error) {
    if (error instanceof mfa.Refused) [text, status] = ["This was not taken. " + (session.step ? CODE : PASSWORD), 422];
  }
  response.writeHead(status, { "Content-Type": "text/html; charset=utf-8",
    "Set-Cookie": `__Host-id=${fresh}; Path=/; Secure; HttpOnly; SameSite=Strict` }).end(text);
}).listen(Number(process.argv[2]), "127.0.0.1");
