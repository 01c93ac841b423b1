import assert from "node:assert/strict";
import { authenticated, chain, on, Secret } from "postmaster";
import { guesses, type GuessesOptions } from "postmaster/handlers";
import { ask, Client, ENCRYPTED, MemoryStore } from "postmaster/testing";
import { PLAIN } from "../../src/auth/plain.ts";
import { Extensions } from "../../src/server/extension.ts";
import { extensionsOn } from "../../src/server/extensions.ts";

/** A server whose users have the password `right`, and clients of it. */
function site(options: GuessesOptions = {}, globals = new MemoryStore()) {
  let checked = 0;
  const policy = chain(
    guesses({ delay: 0, ...options }),
    on("Authenticate", async ({ user, password }, next) => {
      checked++;
      await new Promise((resolve) => setTimeout(resolve, 1));
      return password?.equals("right") ? authenticated(user) : next();
    }),
  );
  const attempt = async (address: string, user: string, password: string): Promise<number> => {
    const question = { type: "Authenticate", mechanism: "PLAIN", user } as const;
    const reply = await ask(policy, { ...question, password: new Secret(password) }, {
      globals,
      peer: { address, port: 1 },
    });
    return reply.code;
  };
  const times = (n: number, run: (i: number) => Promise<number>) =>
    Promise.all(Array.from({ length: n }, (_, i) => run(i)));
  return { attempt, times, checked: () => checked };
}

Deno.test("after too many failures at an address no password is right there, and elsewhere all is well", async () => {
  const { attempt } = site();
  for (let i = 0; i < 10; i++) assert.equal(await attempt("192.0.2.1", `u${i}`, "wrong"), 535);
  assert.equal(await attempt("192.0.2.1", "joe", "right"), 454);
  assert.equal(await attempt("192.0.2.1", "joe", "wrong"), 454);
  assert.equal(await attempt("192.0.2.2", "joe", "right"), 235);
});

Deno.test("an IPv6 client has a /64, and a network of either kind has its own limit", async () => {
  const { attempt } = site({ network: 12 });
  for (let i = 0; i < 10; i++) await attempt(`2001:db8::${i}`, "joe", "wrong");
  assert.equal(await attempt("2001:db8::ffff", "ann", "right"), 454);
  assert.equal(await attempt("2001:db8:0:1::1", "bob", "wrong"), 535);
  assert.equal(await attempt("2001:db8:0:2::1", "bob", "wrong"), 535);
  assert.equal(await attempt("2001:db8:0:3::1", "ann", "right"), 454);
  assert.equal(await attempt("2001:db8:1::1", "ann", "right"), 235);
});

Deno.test("guesses at a user do not lock the user out where the user is known", async () => {
  const { attempt, times } = site();
  assert.equal(await attempt("198.51.100.7", "joe", "right"), 235);
  const codes = await times(1000, (i) => attempt(`10.${i >> 8}.${i & 255}.1`, "Joe", "wrong"));
  assert.equal(codes.filter((code) => code === 535).length, 20);
  assert.equal(codes.filter((code) => code === 454).length, 980);
  assert.equal(await attempt("203.0.113.1", "joe", "right"), 454, "at an address of a stranger");
  assert.equal(await attempt("198.51.100.7", "joe", "right"), 235);
  assert.equal(await attempt("203.0.113.1", "ann", "right"), 235);
  await times(10, () => attempt("198.51.100.7", "joe", "wrong"));
  assert.equal(await attempt("198.51.100.7", "joe", "right"), 454);
});

Deno.test("attempts at once are no more than may fail, and right ones are not refused", async () => {
  const { attempt, times, checked } = site();
  const wrong = await times(200, (i) => attempt("192.0.2.1", `u${i}`, "wrong"));
  assert.equal(wrong.filter((code) => code === 535).length, 10);
  assert.equal(checked(), 10);
  const right = await times(200, (i) => attempt("198.51.100.1", `u${i % 15}`, "right"));
  assert.deepEqual(new Set(right), new Set([235]));
});

Deno.test("clients on this machine are counted by user", async () => {
  const { attempt, times } = site();
  await times(20, (i) => attempt("127.0.0.1", `u${i}`, "wrong"));
  await times(10, () => attempt("127.0.0.1", "joe", "wrong"));
  assert.equal(await attempt("127.0.0.1", "ann", "right"), 235);
  assert.equal(await attempt("127.0.0.1", "joe", "right"), 454);
});

Deno.test("attempts go on when it cannot be kept where users come from", async () => {
  const globals = new (class extends MemoryStore {
    override set(): Promise<void> {
      return Promise.reject(new Error("the store is full"));
    }
  })();
  const { attempt } = site({ address: 1 }, globals);
  for (let i = 0; i < 3; i++) assert.equal(await attempt("192.0.2.1", "joe", "right"), 235);
});

Deno.test("a client that leaves during the delay has failed all the same", async () => {
  const globals = new MemoryStore();
  const authentication = {
    mechanisms: [PLAIN],
    listeners: ["smtp"],
    clearLoopback: false,
  } as const;
  const extensions = new Extensions(extensionsOn({ authentication }));
  const guess = async (password: string, leaveEarly: boolean): Promise<number> => {
    const refused = Promise.withResolvers<void>();
    const policy = chain(
      guesses({ address: 3, delay: leaveEarly ? "3 s" : 0 }),
      on("Authenticate", async (event, next) => {
        if (event.password?.equals("right")) return authenticated(event.user);
        const reply = await next();
        setTimeout(refused.resolve); // the refusal has reached `guesses` by then
        return reply;
      }),
    );
    const options = { globals, extensions, tls: ENCRYPTED };
    const client = Client.of(policy, options);
    await client.reply();
    await client.command("EHLO client.example");
    client.send(`AUTH PLAIN ${btoa(`\0joe\0${password}`)}\r\n`);
    if (!leaveEarly) return (await client.reply()).code;
    await refused.promise;
    client.hangUp();
    return 0;
  };
  assert.equal(await guess("right", false), 235);
  for (let i = 0; i < 3; i++) await guess("wrong", true);
  assert.equal(await guess("right", false), 454);
});
