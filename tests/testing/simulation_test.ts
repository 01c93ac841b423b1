import assert from "node:assert/strict";
import {
  chain,
  type Handler,
  headerField,
  Mailbox,
  named,
  on,
  pipe,
  prepend,
  printSteps,
  relay,
  variable,
} from "postmaster";
import { discardType } from "../../src/targets/discard.ts";
import { pipeType } from "../../src/targets/pipe.ts";
import { Targets } from "../../src/targets/target.ts";
import { ENCRYPTED } from "../../src/testing/encrypted.ts";
import { type Exchange, Simulation, type SimulationSetup } from "../../src/testing/simulation.ts";

const targets = new Targets({ discard: discardType, pipe: pipeType() });

/** A session that is greeted, and a function that sends a line. */
async function begin(policy: Handler, setup: Partial<SimulationSetup> = {}) {
  const { simulation, greeting } = await Simulation.begin(policy, { targets, ...setup });
  const say = (...lines: readonly string[]) =>
    simulation.send(lines.map((line) => `${line}\r\n`).join(""));
  return { simulation, greeting, say, [Symbol.dispose]: () => simulation.end() };
}

const toCat = named("to-cat", on("AddRcptTo", () => pipe(["cat", "{local}"])));
const events = ({ asked }: Exchange) => asked.map(({ event }) => event.type);
const ENVELOPE = ["EHLO c.example", "MAIL FROM:<a@b.example>", "RCPT TO:<joe@example.net>"];

Deno.test("every reply comes with what was asked for it", async () => {
  using session = await begin(toCat);
  assert.deepEqual(session.greeting.lines, ["220 mx.example.net ESMTP Postmaster"]);
  assert.deepEqual(events(session.greeting), ["Greeting"]);
  const envelope = await session.say(...ENVELOPE);
  assert.deepEqual(events(envelope), ["SayEhlo", "SetMailFrom", "AddRcptTo"]);
  assert.deepEqual(envelope.lines.slice(-2), ["250 2.1.0 sender ok", "250 2.1.5 recipient ok"]);
  assert.deepEqual(events(await session.say("DATA")), ["StartData"]);
  assert.deepEqual(await session.say("Subject: hello", ""), { lines: [], asked: [], kept: [] });
  const end = await session.say("..", ".");
  assert.deepEqual(end.lines, ["250 2.0.0 ok: delivered as SIMULATED1"]);
  assert.deepEqual(events(end), ["Deliver"]);
  assert.match(end.kept[0]!.message, /^Received: [^]*\r\nSubject: hello\r\n\r\n\.\r\n$/);
  assert.deepEqual(events(await session.say("QUIT")), ["Shutdown"]);
  assert.ok(session.simulation.closed);
});

Deno.test("the engine's answer to a broken message comes with that to the message", async () => {
  using session = await begin(toCat);
  await session.say(...ENVELOPE, "DATA");
  const { lines, asked, kept } = await session.say("bare\rCR", ".");
  assert.match(lines[0]!, /^554 5\.6\.0 bare CR/);
  assert.deepEqual(asked.map(({ event }) => event.type), ["Deliver", "SyntaxErrorIn"]);
  assert.deepEqual(kept, []);
});

Deno.test("handlers of Deliver run, and what they make of a message is kept", async () => {
  const stamp = on("Deliver", (event, next, { time, peer, user, tls, listener }) => {
    const text = [
      time.toISOString().slice(0, 16),
      peer.address,
      user,
      tls?.protocol,
      listener.address,
    ]
      .join(" ");
    return next({ ...event, body: prepend(event.body, headerField("X-Stamp", text)) });
  });
  using session = await begin(chain(stamp, toCat), {
    time: new Date("2026-12-24T17:00Z"),
    peer: { address: "2001:db8::1", port: 1 },
    user: "ann",
    tls: ENCRYPTED,
    listener: "[::1]:25",
  });
  const { kept } = await session.say(...ENVELOPE, "DATA", "", ".");
  const [{ message } = { message: "" }] = kept;
  assert.match(message, /X-Stamp: 2026-12-24T17:00 2001:db8::1 ann TLSv1\.3 \[::1\]:25\r\n/);
  assert.match(message, /^Received: .*\[IPv6:2001:db8::1\][^]*Thu, 24 Dec 2026 17:00:00 \+0000/);
});

Deno.test("what targets know to fail fails, and nothing else is done", async () => {
  const policy = on("AddRcptTo", ({ mailbox }) => {
    if (mailbox.local === "relay") return relay([Mailbox.parse("a@example.org")]);
    return pipe(["cat", "{local}"]);
  });
  using session = await begin(policy);
  await session.say(ENVELOPE[0]!, ENVELOPE[1]!);
  const result = async (recipient: string) =>
    await session.say(`RCPT TO:<${recipient}@example.net>`, "DATA", "", ".", ENVELOPE[1]!);
  const relayed = (await result("relay")).lines;
  assert.equal(relayed[0], "451 4.3.0 local error in processing", "nothing here relays");
  assert.deepEqual((await result("-x")).lines[2], "554 5.1.3 mailer: address cannot be passed on");
  const { lines, kept } = await result("joe");
  assert.match(lines[2]!, /^250 /);
  assert.deepEqual(kept.map(({ target, args }) => [target, args["argv"]]), [
    ["pipe", ["cat", "{local}"]],
  ]);
});

Deno.test("a handler that hangs is waited for as long as it may, and is seen", async () => {
  const hanging = named("hanging", on("SayOK", () => new Promise<never>(() => {})));
  using session = await begin(hanging, { limits: { handlerTimeout: 50 } });
  const { lines, asked } = await session.say("NOOP");
  assert.deepEqual(lines, ["451 4.3.0 local error in processing"]);
  assert.deepEqual(printSteps(asked[0]!.steps), ["SayOK", "  hanging  has not answered"]);
  assert.deepEqual((await session.say("RSET")).lines, ["250 2.0.0 ok"]);
});

Deno.test("each session has global variables of its own", async () => {
  const count = variable("global", "count", () => 0, { persist: true });
  const counting = on("SayOK", async (_event, next, session) => {
    await session.tick(count);
    session.log(`count ${await session.get(count)}`);
    return next();
  });
  const logged: unknown[] = [];
  const log = Object.assign((_event: string, fields: object) => void logged.push(fields), {
    wants: () => true,
  });
  for (let i = 0; i < 2; i++) {
    using session = await begin(counting, { log });
    await session.say("NOOP");
  }
  const counts = logged.flatMap((fields) => /count \d/.exec(JSON.stringify(fields)) ?? []);
  assert.deepEqual(counts, ["count 1", "count 1"]);
});
