/**
 * What must not compile. Each `@ts-expect-error` is an assertion: `deno check` fails if the line below it
 * is right after all.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Handler, Mailbox, on, pipe, procmail, relay, say, variable } from "postmaster";

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
  ];
  assert.equal(some.length, 4);
});
