import assert from "node:assert/strict";
import fc from "fast-check";
import { hostOf, type Json, on, say, type Scope, type Session, variable } from "postmaster";
import { ask, Client, FakeClock, MemoryStore } from "postmaster/testing";

/** Runs `run` with a session, and gives what it gives. */
async function inSession<T>(
  run: (session: Session) => T | Promise<T>,
  globals = new MemoryStore(),
): Promise<T> {
  let result: { readonly value: T } | undefined;
  const handler = on("SayOK", async (_event, next, session) => {
    result = { value: await run(session) };
    return next();
  });
  await ask(handler, { type: "SayOK", argument: "" }, { globals });
  assert.ok(result !== undefined, "the handler broke");
  return result.value;
}

const SCOPES: readonly Scope[] = ["global", "session", "transaction", "command"];

Deno.test("a variable is got, set, updated, ticked and unset in every scope", async () => {
  for (const scope of SCOPES) {
    const n = variable(scope, "n", () => 5);
    const seen = await inSession(async (session) => [
      await session.get(n),
      await session.tick(n),
      await session.update(n, (old) => old * 10),
      await session.set(n, 7),
      await session.get(n),
      await session.unset(n),
      await session.get(n),
      await session.tick(n),
    ]);
    assert.deepEqual(seen, [5, 6, 60, undefined, 7, undefined, 5, 6], scope);
  }
});

Deno.test("each key of a family is a variable of its own, in every scope", async () => {
  for (const scope of SCOPES) {
    const failures = variable(scope, "failures", () => 0);
    const seen = await inSession(async (session) => {
      await session.tick(failures.of("192.0.2.1"));
      await session.tick(failures.of("192.0.2.1"));
      await session.tick(failures.of("192.0.2.1").of("joe"));
      await session.tick(failures);
      await session.unset(failures);
      return [
        await session.get(failures.of("192.0.2.1")),
        await session.get(failures.of("192.0.2.1").of("joe")),
        await session.get(failures.of("192.0.2.2")),
        await session.get(failures),
      ];
    });
    assert.deepEqual(seen, [2, 1, 0, 0], scope);
  }
});

Deno.test("session variables with the same name do not get into each other's way", async () => {
  const [one, other] = [variable("session", "n", () => 0), variable("session", "n", () => 0)];
  const seen = await inSession((session) => {
    session.tick(one);
    session.tick(one.of("x"));
    return [session.get(other), session.get(other.of("x"))];
  });
  assert.deepEqual(seen, [0, 0]);
});

Deno.test("the name of a member says its key, and reads well", () => {
  const banned = variable("global", "banned", () => false);
  assert.equal(banned.of("192.0.2.1").name, "banned[192.0.2.1]");
  assert.equal(
    banned.of("2001:db8::1").of("joe@example.net").name,
    "banned[2001:db8::1][joe@example.net]",
  );
  assert.equal(banned.of("a]\\\n\u2028\ud800").name, "banned[a\\]\\\\\\u{a}\\u{2028}\\u{d800}]");
});

Deno.test("different keys have different names, whatever they are made of", () => {
  const family = variable("global", "f", () => 0);
  const nameOf = (keys: readonly string[]) => keys.reduce((one, key) => one.of(key), family).name;
  const tricky = fc.string({ unit: fc.constantFrom(..."[]\\au{}\n\ud800\udc00".split("")) });
  const keys = fc.array(fc.oneof(tricky, fc.string({ unit: "binary" })), { maxLength: 3 });
  fc.assert(
    fc.property(keys, keys, (a, b) => {
      assert.equal(nameOf(a) === nameOf(b), JSON.stringify(a) === JSON.stringify(b));
      assert.ok(nameOf(a).isWellFormed(), "it can be written down");
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a name that would look like a member's, and a ttl that is none, are refused", () => {
  for (const name of ["", "a[b]", "a]", "a\n", "\u202e"]) {
    assert.throws(() => variable("global", name, () => 0), TypeError);
  }
  for (const ttl of [0, -1, NaN, Infinity, "", "0", "1 parsec", "-1 h"]) {
    assert.throws(() => variable("global", "x", () => 0, { ttl }), TypeError, String(ttl));
  }
  assert.equal(variable("global", "x", () => 0, { ttl: "1 h" }).of("key").ttl, 3_600_000);
  assert.equal(variable("global", "x", () => 0, { ttl: 1500 }).ttl, 1500);
});

Deno.test("what a change throws reaches the handler, and nothing has changed", async () => {
  for (const scope of SCOPES) {
    const n = variable(scope, "n", () => 0);
    const seen = await inSession(async (session) => {
      await session.set(n, 3);
      const update = async () =>
        await session.update(n, () => {
          throw new RangeError("not this one");
        });
      await assert.rejects(update, new RangeError("not this one"));
      return await session.get(n);
    });
    assert.equal(seen, 3, scope);
  }
});

Deno.test("a global value cannot be changed but by the session", async () => {
  const list = variable("global", "list", (): string[] => []);
  const seen = await inSession(async (session) => {
    const given = ["a"];
    const setting = session.set(list, given);
    given.push("not");
    await setting;
    (await session.get(list)).push("not");
    await session.update(list, (old) => {
      old.push("not");
      throw new Error();
    }).catch(() => {});
    return await session.update(list, (old) => (old.push("b"), old));
  });
  assert.deepEqual(seen, ["a", "b"]);
});

Deno.test("a global variable takes nothing that JSON does not", async () => {
  const any = variable("global", "any", (): Json => null);
  await inSession(async (session) => {
    for (const value of [undefined, NaN, Infinity, () => {}, 5n]) {
      await assert.rejects(session.set(any, value as Json), TypeError);
    }
    await session.set(any, null);
    assert.equal(await session.get(any), null);
  });
});

Deno.test("in a test, a ttl runs out when the client's clock is moved", async () => {
  const failures = variable("global", "failures", () => 0, { ttl: "1 h" });
  const counting = on("SayOK", async (_event, _next, session) => {
    const count = await session.tick(failures.of(hostOf(session.peer.address)));
    return say(2, 5, 0, String(count));
  });
  const clock = new FakeClock();
  using client = Client.of(counting, { clock, limits: { commandTimeout: 1e9 } });
  await client.reply();
  const noop = async () => Number((await client.command("NOOP")).lines[0]);
  assert.deepEqual([await noop(), await noop()], [1, 2]);
  clock.advance(3_599_999);
  assert.equal(await noop(), 3, "the hour begins with each write");
  clock.advance(3_599_999);
  assert.equal(await noop(), 4);
  clock.advance(3_600_000);
  assert.equal(await noop(), 1);
});
