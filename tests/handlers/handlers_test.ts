import assert from "node:assert/strict";
import {
  announce,
  discardAll,
  impatient,
  localHosts,
  noRouteAddr,
  reply,
  trace,
} from "../../handlers/mod.ts";
import { readyMade } from "../../handlers/registry.ts";
import { handlerEntry } from "../../src/handler/entry.ts";
import { chain, named, on } from "../../src/handler/handler.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { NO_PARAMETERS } from "../../src/smtp/parameters.ts";
import { asking, routes, status } from "./ask.ts";

Deno.test("noRouteAddr() refuses source routes of senders and recipients, nothing else", async () => {
  const { ask, rcpt } = asking(chain(noRouteAddr(), discardAll()));
  const routed = new Mailbox("joe", "b.example", ["a.example"]);
  assert.equal(status(await rcpt(routed)), "553 5.1.3");
  const sender = (mailbox: Mailbox | null) =>
    ask({ type: "SetMailFrom", mailbox, parameters: NO_PARAMETERS });
  assert.equal(status(await sender(routed)), "553 5.1.3");
  assert.equal((await sender(null)).code, 250);
  assert.equal((await rcpt("joe@b.example")).code, 250);
});

Deno.test("localHosts() passes its domains on and denies the others", async () => {
  const { rcpt } = asking(chain(localHosts(["A.example", "b.example"]), discardAll()));
  assert.equal((await rcpt("joe@a.EXAMPLE")).code, 250);
  assert.equal((await rcpt("joe@b.example")).code, 250);
  for (const address of ["joe@c.example", "joe@x.a.example", "joe@[192.0.2.1]"]) {
    assert.equal(status(await rcpt(address)), "550 5.7.1", address);
  }
});

Deno.test("localHosts() takes the bare postmaster for that of the first domain", async () => {
  const { rcpt } = asking(chain(localHosts(["a.example", "b.example"]), discardAll()));
  assert.deepEqual(routes(await rcpt(new Mailbox("PostMaster", ""))), [
    "PostMaster@a.example -> discard",
  ]);
  const nowhere = asking(chain(localHosts([]), discardAll()));
  assert.equal((await nowhere.rcpt(new Mailbox("postmaster", ""))).code, 550);
});

Deno.test("impatient() hangs up at the refusal after the last it bears", async () => {
  const { rcpt, ask } = asking(impatient({ bound: 2 }));
  const codes = [];
  for (let i = 0; i < 4; i++) codes.push((await rcpt("nobody@a.example")).code);
  assert.deepEqual(codes, [550, 550, 421, 421]);
  assert.equal((await ask({ type: "SayOK", argument: "" })).code, 250, "what is fine stays fine");
});

Deno.test("impatient() counts what a client sent once, not what handlers trigger", async () => {
  const twice = on(
    "AddRcptTo",
    (event, next, session) => session.depth > 0 ? next() : session.trigger(event),
  );
  const { rcpt } = asking(chain(impatient({ bound: 1 }), twice));
  assert.equal((await rcpt("nobody@a.example")).code, 550);
  assert.equal((await rcpt("nobody@a.example")).code, 421);
});

Deno.test("announce() adds its keywords to EHLO", async () => {
  const { ask } = asking(announce({ keywords: ["XCHATTY", "X-LIMIT 10"] }));
  const reply = await ask({ type: "SayEhlo", name: "c.example" });
  assert.deepEqual(reply.lines, ["hello", "PIPELINING", "XCHATTY", "X-LIMIT 10"]);
});

Deno.test("discardAll() accepts everybody", async () => {
  assert.deepEqual(routes(await asking(discardAll()).rcpt("a@b.example")), [
    "a@b.example -> discard",
  ]);
});

Deno.test("trace() logs each step of the chain inside it", async () => {
  const rename = on(
    "AddRcptTo",
    (event, next, session) =>
      session.depth > 0
        ? next()
        : session.trigger({ ...event, mailbox: Mailbox.parse("b@a.example") }),
  );
  const { rcpt, logged } = asking(
    chain(trace(), localHosts(["a.example"]), named("rename", rename)),
  );
  assert.equal((await rcpt("a@a.example")).code, 550);
  assert.deepEqual(logged.map((line) => line.replace(/\(\d+\.\d ms\)/, "(0 ms)")), [
    "handler: AddRcptTo <a@a.example>",
    "handler:   local-hosts  passed on (0 ms)",
    "handler:   rename       asked again (0 ms)",
    "handler:     AddRcptTo <b@a.example>",
    "handler:       trace        passed on (0 ms)",
    "handler:       local-hosts  passed on (0 ms)",
    "handler:       rename       passed on (0 ms)",
    "handler:       core         answered 550 5.1.1 nobody knows this recipient (0 ms)",
  ]);
});

Deno.test("the options of a handler are read once, however deep it stands in others", () => {
  let reads = 0;
  const options = {
    code: 550,
    get text() {
      reads++;
      return "no";
    },
  };
  const readsOf = (run: () => unknown): number => {
    reads = 0;
    run();
    return reads;
  };
  const once = readsOf(() => reply(options));
  assert.ok(once > 0);
  const entry = handlerEntry(readyMade, "a handler");
  let written: Record<string, unknown> = { reply: options };
  for (let depth = 0; depth < 4; depth++) {
    assert.equal(readsOf(() => entry.parse(written)), once, `${depth} deep`);
    written = depth % 2 === 0
      ? { when: { if: { tls: true }, then: [written] } }
      : { fallback: { then: written } };
  }
});
