/**
 * What must not compile. Each `@ts-expect-error` is an assertion: `deno check` fails if the line below it
 * is right after all.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  chain,
  type Handler,
  isPermanent,
  Mailbox,
  named,
  on,
  pipe,
  procmail,
  relay,
  routeTo,
  say,
  variable,
} from "postmaster";
import { when } from "postmaster/handlers";

/** Never run: only its types are of interest. */
export function wrong(): unknown[] {
  const count = variable("session", "count", () => 0);
  const total = variable("global", "total", () => 0);
  const names = variable("global", "names", () => "", { ttl: "1 h", persist: true });
  return [
    // @ts-expect-error the class of the enhanced code must match the reply's
    say(5, 5, 0, "x", "4.1.1"),
    // @ts-expect-error a 3xx reply has no enhanced code
    say(3, 5, 4, "x", "3.0.0"),
    // @ts-expect-error there is no 6xx reply
    say(6, 5, 0, "x"),
    // @ts-expect-error forgot to return
    on("AddRcptTo", async (_event, next) => {
      await next();
    }),
    // @ts-expect-error forgot to return
    on("AddRcptTo", (_event, next) => {
      next();
    }),
    // @ts-expect-error no such event
    on("AddRcpt", (_event, next) => next()),
    // @ts-expect-error there is no message yet
    on("SetMailFrom", (event, next) => event.body ? next() : next()),
    // @ts-expect-error there is no mailbox at HELO
    on("SayHelo", ({ mailbox }, next) => mailbox ? next() : next()),
    // @ts-expect-error the null path has no local part
    on("SetMailFrom", ({ mailbox }, next) => mailbox.local === "joe" ? next() : next()),
    // @ts-expect-error only a recipient has a target
    on("SetMailFrom", () => procmail("joe")),
    // @ts-expect-error accepting a recipient is naming a target
    on("AddRcptTo", () => say(2, 5, 0, "ok")),
    // @ts-expect-error whatever the text and status
    on("AddRcptTo", () => say(2, 5, 1, ["will", "forward"], "2.1.5")),
    // @ts-expect-error 3xx accepts nobody either
    on("AddRcptTo", () => say(3, 5, 4, "go on")),
    // @ts-expect-error nor with a promise
    on("AddRcptTo", async () => await Promise.resolve(say(2, 5, 0, "ok"))),
    // @ts-expect-error nor in one case of several
    on("AddRcptTo", (event, next) => event.exact ? say(2, 5, 0, "ok") : next()),
    // @ts-expect-error nor beside refusals
    on("AddRcptTo", ({ exact }) => exact ? say(2, 5, 0, "ok") : say(5, 5, 0, "no")),
    // @ts-expect-error nor beside targets
    on("AddRcptTo", ({ exact }) => exact ? say(2, 5, 0, "ok") : procmail("joe")),
    // @ts-expect-error nor after others were asked
    on("AddRcptTo", async (_event, next) => {
      const reply = await next();
      if (isPermanent(reply)) return say(2, 5, 0, "ok");
      return reply;
    }),
    // @ts-expect-error nor with another text
    on("AddRcptTo", () => ({ ...say(2, 5, 0, "ok"), lines: ["yes"] })),
    // @ts-expect-error nor together with other events
    on(["SetMailFrom", "AddRcptTo"], () => say(2, 5, 0, "ok")),
    // @ts-expect-error nor under a name, in a chain, under a condition
    when({ if: {}, then: chain(named("yes", on("AddRcptTo", () => say(2, 5, 0, "ok")))) }),
    // @ts-expect-error next() takes the same kind of event
    on("AddRcptTo", (_event, next) => next({ type: "Shutdown" })),
    // @ts-expect-error an event cannot be changed in place
    on("AddRcptTo", (event, next) => (event.mailbox = Mailbox.parse("a@b"), next())),
    // @ts-expect-error arguments of a command are a list, for no shell will split them
    pipe("procmail -d joe"),
    // @ts-expect-error relay takes mailboxes
    relay(["joe@example.net"]),
    // @ts-expect-error a global variable is JSON-like
    variable("global", "when", () => new Date()),
    // @ts-expect-error only a global variable has a ttl
    variable("session", "n", () => 0, { ttl: "1 h" }),
    // @ts-expect-error only a global variable persists
    variable("transaction", "n", () => 0, { persist: true }),
    // @ts-expect-error no such option
    variable("global", "n", () => 0, { lifetime: "1 h" }),
    // @ts-expect-error a key is a text
    total.of(25),
    on("SayOK", (_event, next, session) => {
      // @ts-expect-error the variable is a number
      session.set(count, "1");
      // @ts-expect-error so are all of its family
      session.set(count.of("key"), "1");
      // @ts-expect-error only numbers are counted
      session.tick(names.of("key"));
      // @ts-expect-error a global variable is a promise
      const sum: number = session.get(total);
      // @ts-expect-error the envelope is the engine's
      session.mailFrom = sum;
      return next();
    }),
  ];
}

Deno.test("what should compile does", () => {
  const some: Handler[] = [
    on("SetMailFrom", ({ mailbox }, next) => mailbox === null ? next() : say(5, 5, 0, "no")),
    on(
      ["SetMailFrom", "AddRcptTo"],
      ({ mailbox }, next) => mailbox?.route.length ? say(5, 5, 0, "no") : next(),
    ),
    on("AddRcptTo", ({ mailbox }) => [procmail(mailbox.local), relay([mailbox])]),
    async (_event, next) => await next(),
    on("AddRcptTo", ({ exact }) => exact ? say(5, 5, 0, "no", "5.1.1") : say(4, 5, 0, "later")),
    on("AddRcptTo", async ({ exact }, next) => exact ? say(5, 5, 0, "no") : await next()),
    on("AddRcptTo", ({ exact }) => exact ? say(4, 5, 0, "later") : [procmail("joe")]),
    on("AddRcptTo", (event) => ({
      ...say(2, 5, 0, "ok"),
      routes: [routeTo(event, procmail("joe"))],
    })),
    on("AddRcptTo", async (_event, next) => ({ ...await next(), lines: ["no"] })),
    on("AddRcptTo", (event, _next, session) => session.trigger(event)),
    on(["SayOK", "Unrecognized"], () => say(2, 5, 0, "ok")),
    on("StartData", (_event, next) => Math.random() > 2 ? say(3, 5, 4, "go on") : next()),
    (event, next) => event.type === "SayOK" ? say(2, 5, 0, "ok") : next(),
  ];
  assert.equal(some.length, 13);
});
