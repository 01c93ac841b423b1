import assert from "node:assert/strict";
import { chain, discard, type Handler, named, on, pipe, say } from "postmaster";
import { ask, FakeDns, rcpt, type Situation } from "postmaster/testing";
import {
  alias,
  catchAll,
  discardAll,
  fallback,
  localHosts,
  relayTo,
  subaddress,
  virtualUsers,
  zone,
} from "postmaster/handlers";

const Z = "_zone.example";
const txt = (text: string) => ({ TXT: [`v=postmaster1; ${text}`] });
const dns = new FakeDns({
  [`example.net._domain.${Z}`]: txt("catch-all=caught@other.example"),
  [`jean-luc.example.net._user.${Z}`]: txt("user=picard"),
  [`jean.example.net._user.${Z}`]: txt("user=jean"),
});

async function withFile<T>(text: string, run: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    return await run(path);
  } finally {
    await Deno.remove(path);
  }
}

const toUser = (user: string) => pipe(["to", user]);

/** Knows some local parts, in any domain. */
const knowing = (...names: readonly string[]): Handler =>
  on(
    "AddRcptTo",
    ({ mailbox }, next) => names.includes(mailbox.local) ? toUser(mailbox.local) : next(),
  );

/** Where mail of a recipient goes: the last argument of each target, with the extension. */
async function way(policy: Handler, to: string, more: Situation = {}): Promise<string> {
  const reply = await ask(policy, rcpt(to), { dns, ...more });
  const ways = (reply.routes ?? []).map(({ target: { target, args }, extension }) => {
    const argv = args["argv"] as string[] | undefined;
    const where = argv?.at(-1) ?? args["recipients"] ?? target;
    return extension === undefined ? where : `${where} (${extension})`;
  });
  return ways.join(", ") || `${reply.code} ${reply.enhanced}`;
}

function permutations<T>(list: readonly T[]): T[][] {
  return list.length === 0
    ? [[]]
    : list.flatMap((one, i) => permutations(list.toSpliced(i, 1)).map((rest) => [one, ...rest]));
}

/** Whoever takes what it does not know; `caught@other.example` is somebody's. */
const TAKERS: readonly (readonly [string, (file: string) => readonly Handler[]])[] = [
  ["alias", () => [alias({ "@example.net": "caught@other.example" })]],
  ["catch-all", () => [catchAll("caught@example.net")]],
  ["virtual-users", (file) => [virtualUsers({ file, deliver: toUser })]],
  ["zone", () => [zone({ name: Z, deliver: toUser })]],
  ["fallback", () => [fallback({ then: on("AddRcptTo", () => toUser("caught")) })]],
  ["relay-to", () => [relayTo({ domains: ["example.net"] })]],
];

const CAUGHT = ["caught", "nobody-x@example.net"];

for (const [name, makes] of TAKERS) {
  Deno.test(`exact addresses go before extensions, and those before ${name}, in any order`, () =>
    withFile("@example.net: caught\n", async (file) => {
      const parts: [string, Handler][] = [
        ["subaddress", subaddress({ delimiter: "-" })],
        ["some", knowing("jean-luc", "caught")],
        ["others", knowing("jean", "ann")],
        ...makes(file).map((handler): [string, Handler] => [name, handler]),
      ];
      for (const order of permutations(parts)) {
        const policy = chain(...order.map(([, handler]) => handler));
        const names = order.map(([part]) => part).join(", ");
        assert.match(await way(policy, "jean@example.net"), /^jean$/, names);
        assert.match(await way(policy, "jean-luc@example.net"), /^(jean-luc|picard)$/, names);
        assert.equal(await way(policy, "ann-x-y@example.net"), "ann (x-y)", names);
        assert.match(
          await way(policy, "jean-luc-x@example.net"),
          /^(jean-luc|picard) \(x\)$/,
          names,
        );
        assert.ok(CAUGHT.includes(await way(policy, "nobody-x@example.net")), names);
      }
    }));
}

Deno.test("a black hole swallows what nobody inside of it could have, and no user outside", async () => {
  for (
    const order of [
      [subaddress(), knowing("joe"), discardAll()],
      [knowing("joe"), subaddress(), discardAll()],
    ]
  ) {
    assert.equal(await way(chain(...order), "joe+x@example.net"), "joe (x)");
    assert.equal(await way(chain(...order), "who+x@example.net"), "discard");
  }
});

Deno.test("of several who know a name the outermost has it, with an extension too", async () => {
  const mine = (mark: string) =>
    on("AddRcptTo", ({ mailbox }, next) => mailbox.local === "joe" ? toUser(mark) : next());
  for (
    const policy of [
      chain(mine("outer"), subaddress(), mine("inner")),
      chain(subaddress(), mine("outer"), mine("inner")),
      chain(mine("outer"), mine("inner"), subaddress()),
    ]
  ) {
    assert.equal(await way(policy, "joe@example.net"), "outer");
    assert.equal(await way(policy, "joe+x@example.net"), "outer (x)");
  }
});

Deno.test("subaddress() reaches the users to whom fallback() comes last", async () => {
  for (
    const policy of [
      chain(subaddress(), fallback({ then: knowing("joe") })),
      fallback({ then: [subaddress(), knowing("joe")] }),
    ]
  ) assert.equal(await way(policy, "joe+x@example.net"), "joe (x)");
});

Deno.test("subaddress() leaves a refusal for another reason, and a deferral, as they are", async () => {
  const strict = on("AddRcptTo", ({ mailbox: { local } }, next) => {
    if (local === "joe") return say(5, 5, 0, "not from you", "5.7.1");
    return local === "ann+x" ? say(4, 5, 0, "mailbox busy", "4.2.1") : next();
  });
  const policy = chain(
    subaddress(),
    strict,
    localHosts(["example.net"]),
    catchAll("c@example.net"),
  );
  assert.equal(await way(policy, "joe+x@example.net"), "550 5.7.1");
  assert.equal(await way(policy, "ann+x@example.net"), "450 4.2.1");
});

Deno.test("an alias that leads to the same name with an extension is no circle", async () => {
  const policy = chain(subaddress(), alias({ joe: ["joe+inbox", "ann"] }), knowing("joe", "ann"));
  assert.equal(await way(policy, "joe@example.net"), "joe (inbox), ann");
  assert.equal(await way(policy, "joe+inbox@example.net"), "joe (inbox), ann");
});

Deno.test("an extension does not follow an alias, and never chooses where mail is relayed to", async () => {
  const policy = chain(
    subaddress(),
    alias({ ann: "joe" }),
    knowing("joe"),
    relayTo({ domains: ["example.org"], networks: ["192.0.2.0/24"] }),
    localHosts(["example.net"]),
  );
  assert.equal(await way(policy, "ann+x@example.net"), "joe");
  assert.equal(await way(policy, "who+x@example.org"), "who+x@example.org");
  const stranger = { peer: { address: "198.51.100.1", port: 1 } };
  assert.equal(await way(policy, "who+x@example.com", stranger), "550 5.7.1");
});

Deno.test("a handler of one's own that takes whatever comes passes on what is asked exactly", async () => {
  const hole = named(
    "hole",
    on("AddRcptTo", ({ exact }, next) => exact ? next() : discard()),
  );
  const policy = chain(subaddress(), knowing("joe"), hole);
  assert.equal(await way(policy, "joe+x@example.net"), "joe (x)");
  assert.equal(await way(policy, "who+x@example.net"), "discard");
});

Deno.test("subaddress() asks as often as there are delimiters, and not more for each", async () => {
  let asked = 0;
  const count = on("AddRcptTo", (_event, next) => (asked++, next()));
  await way(chain(subaddress({ delimiter: "-" }), count), `${"a-".repeat(20)}a@example.net`);
  assert.equal(asked, 42);
});
