/**
 * Addresses beyond ASCII in the ready-made handlers.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, discard, type Handler, mailer, on, type Reply, say } from "postmaster";
import { ask, Client, FakeDns, mail, MemoryStore, rcpt, type Situation } from "postmaster/testing";
import {
  alias,
  archive,
  catchAll,
  complete,
  explode,
  greylist,
  localHosts,
  localUsers,
  NamedUsers,
  noRouteAddr,
  passwd,
  rateLimit,
  relayTo,
  requireFqdn,
  rewriteRecipient,
  rewriteSender,
  senderDomain,
  senderLogin,
  subaddress,
  virtualUsers,
  when,
  zone,
} from "postmaster/handlers";
import { encode, text } from "../../src/smtp/ascii.ts";
import { userName } from "../../handlers/zone_record.ts";
import { Mailbox } from "postmaster";
import { bytesOf } from "../smtp/arbitraries.ts";
import { Directory } from "../running.ts";

/** One domain in its forms. */
const U = "bücher.example", A = "xn--bcher-kva.example", MIXED = "BÜCHER.Example";
const FORMS = [U, A, MIXED, "bu\u0308cher.example"];
/** One local part in its forms: as it is, and not composed. */
const LOCALS = ["jörg", "jo\u0308rg"];

const everybody: Handler = on("AddRcptTo", () => discard());
const users = localUsers(new NamedUsers(["jörg", "joe", "用户"]));

/** `250 jörg`, the users that mail goes to. */
const told = ({ code, routes = [] }: Reply): string =>
  [code, ...routes.map(({ user, recipient }) => user ?? recipient.local)].join(" ");
const asked = async (policy: Handler, address: string, situation?: Situation): Promise<string> =>
  told(await ask(policy, rcpt(address), situation));

/** All spellings of jörg in the domain. */
const JOERG = LOCALS.flatMap((local) => FORMS.map((domain) => `${local}@${domain}`));

Deno.test("localHosts() and users know a domain in U-labels and A-labels, and names beyond ASCII", async () => {
  for (const host of [U, A, MIXED]) {
    const policy = chain(localHosts([host]), users);
    for (const address of [...JOERG, `JÖRG@${A}`]) {
      assert.equal(await asked(policy, address), "250 jörg", address);
    }
    assert.equal(await asked(policy, `用户@${A}`), "250 用户");
    for (const address of [`jorg@${U}`, `jörg@bucher.example`, `jörg@xn--bucher-kva.example`]) {
      assert.equal(await asked(policy, address), "550", address);
    }
  }
});

Deno.test("alias() and explode() find aliases in all spellings", async () => {
  for (const make of [alias, explode]) {
    for (const address of JOERG) {
      const one = chain(make({ [address]: `joe@${A}` }), users);
      for (const other of [...JOERG, `JÖRG@${U}`]) assert.equal(await asked(one, other), "250 joe");
      const all = chain(make({ [`@${address.split("@")[1]}`]: "jörg" }), users);
      assert.equal(await asked(all, `nobody@${A}`), "250 jörg");
      const bare = chain(make({ Örni: address }), users);
      assert.equal(await asked(bare, `örni@${U}`), "250 jörg");
    }
    assert.throws(() => make({ [`joe@${U}`]: "jane", [`joe@${A}`]: "jane" }), /second time/);
    assert.throws(() => make({ "jo\u202ee": "jane" }), /no alias/);
  }
});

Deno.test("files of aliases, users and senders are UTF-8", async () => {
  using directory = new Directory();
  directory.write("aliases", `vögel@${U}: jörg, joe@${A}\n`);
  directory.write("users", `jörg@${A}: joe\n@${U}: 用户\n`);
  directory.write("senders", `jörg@${A} joe\n`);
  const byAlias = chain(alias({ file: `${directory.path}/aliases` }), users);
  assert.equal(await asked(byAlias, `VÖGEL@${A}`), "250 jörg joe");
  const virtual = virtualUsers({ file: `${directory.path}/users` });
  for (const address of JOERG) assert.equal(await asked(virtual, address), "250 joe");
  assert.equal(await asked(virtual, `other@${A}`), "250 用户");
  const senders = senderLogin({ file: `${directory.path}/senders` });
  for (const address of JOERG) {
    assert.equal((await ask(senders, mail(address), { user: "joe" })).code, 250, address);
  }
});

Deno.test("catchAll(), subaddress(), relayTo() and rewriting go by the domain, whatever its form", async () => {
  for (const domain of FORMS) {
    const caught = chain(catchAll(`jörg@${A}`), users);
    assert.equal(await asked(caught, `nobody@${domain}`), "250 jörg");
    const cut = chain(subaddress(), users);
    assert.equal(await asked(cut, `jörg+ä\u0308x@${domain}`), "250 jörg");
    const relayed = relayTo({ domains: [domain] });
    assert.equal(await asked(relayed, `jörg@${A}`), "250 jörg");
    assert.equal(await asked(relayed, `jörg@${U}`), "250 jörg");
    const rewritten = chain(rewriteRecipient({ [`@${domain}`]: `@${A}` }), everybody);
    const { routes } = await ask(rewritten, rcpt(`jörg@${U}`));
    assert.equal(`${routes?.[0]?.recipient}`, `jörg@${A}`);
    const { sender } = await ask(
      rewriteSender({ [`jörg@${domain}`]: `joe@${A}` }),
      mail(JOERG[0]!),
    );
    assert.equal(`${sender}`, `joe@${A}`);
  }
  assert.throws(() => rewriteRecipient({ [`@${U}`]: "@a.example", [`@${A}`]: "@b.example" }));
});

Deno.test("when() matches addresses and domains in all forms", async () => {
  const refusal = say(5, 5, 0, "not you", "5.7.1");
  const matched = async (sender: string, address: string): Promise<boolean> => {
    const policy = when({ if: { sender }, then: on("SetMailFrom", () => refusal) });
    return (await ask(policy, mail(address))).code === 550;
  };
  for (const domain of FORMS) {
    for (const pattern of [`jörg@${domain}`, `@${domain}`, "@.example", "JÖRG@", "jo\u0308rg@"]) {
      assert.ok(await matched(pattern, `jörg@${A}`), pattern);
      assert.ok(await matched(pattern, `jo\u0308rg@sub.${U}`) === /@$|@\./.test(pattern), pattern);
      assert.ok(!await matched(pattern, "joe@example.net"));
    }
    assert.ok(await matched(`@.${domain}`, `joe@sub.${A}`));
    assert.ok(!await matched(`@.${domain}`, `joe@x${A}`));
  }
});

Deno.test("names in the DNS are asked for in A-labels", async () => {
  const Z = "_postmaster.example.net";
  const name = userName(Mailbox.parse(`JO\u0308RG@${U}`), Z);
  assert.equal(name, `j_c3_b6rg.${A}._user.${Z}`);
  const octets = (text: string) => String.fromCharCode(...encode(text));
  const dns = new FakeDns({
    [A]: { MX: [{ exchange: "mx.example", priority: 1 }] },
    [`${A}._domain.${Z}`]: { TXT: ["v=postmaster1"] },
    [name!]: { TXT: [octets(`v=postmaster1; user=jörg; relay=ü@${U}`)] },
  });
  for (const domain of FORMS) {
    assert.equal((await ask(senderDomain(), mail(`joe@${domain}`), { dns })).code, 250);
    const reply = await ask(zone(Z), rcpt(`jörg@${domain}`), { dns });
    assert.equal(reply.routes?.[0]?.user, "jörg");
    assert.deepEqual(reply.routes?.[1]?.target.args, { recipients: [`ü@${U}`] });
  }
  assert.equal((await ask(senderDomain(), mail("joe@bächer.example"), { dns })).code, 550);
});

Deno.test("greylist() and rateLimit() have one count for all spellings", async () => {
  const globals = new MemoryStore();
  for (const by of ["recipient", "recipient-domain"] as const) {
    const limited = chain(rateLimit({ limit: JOERG.length, of: "recipients", by }), everybody);
    for (const address of JOERG) {
      assert.equal((await ask(limited, rcpt(address), { globals })).code, 250);
    }
    assert.equal((await ask(limited, rcpt(JOERG[0]!), { globals })).code, 450);
  }
  const grey = chain(greylist(), everybody);
  const start = Date.parse("2026-01-01T00:00:00Z");
  const at = async (minutes: number, address: string) => {
    const time = new Date(start + minutes * 60_000);
    return (await ask(grey, rcpt(address), { globals, time, mailFrom: `a@${A}` })).code;
  };
  assert.equal(await at(0, `jörg@${U}`), 451);
  assert.equal(await at(10, `jo\u0308rg@${A}`), 250);
});

Deno.test("senderLogin() says in ASCII which sender it refuses", async () => {
  const policy = chain(senderLogin({ users: { joe: `@${U}` } }), everybody);
  const refused = await ask(policy, mail("jörg@faß.example"), { user: "joe" });
  assert.deepEqual(refused.lines, ["you may not use j\\x{F6}rg@fa\\x{DF}.example in MAIL"]);
  assert.equal((await ask(policy, mail(`jörg@${A}`), { user: "joe" })).code, 250);
  assert.equal(
    (await ask(policy, mail(`${"ü".repeat(120)}@b.example`), { user: "joe" })).code,
    553,
  );
});

/** Sends a message with SMTPUTF8 as joe, and returns the reply to it and what was accepted. */
async function sent(policy: Handler, header: string): Promise<[number | undefined, string]> {
  const client = Client.of(chain(policy, everybody), { user: "joe" });
  for (
    const line of [
      ...["EHLO client.example", `MAIL FROM:<jörg@${U}> SMTPUTF8`, `RCPT TO:<用户@${A}>`, "DATA"],
      `${header}\r\n\r\nGrüße\r\n.`,
    ]
  ) client.send(encode(`${line}\r\n`));
  let code: number | undefined;
  for (let i = 0; i < 6; i++) code = (await client.reply())?.code;
  return [code, text(bytesOf(client.kept[0]?.message ?? ""))];
}

Deno.test("senderLogin() reads authors in UTF-8", async () => {
  const policy = senderLogin({ users: { joe: `jörg@${A}` } });
  for (const from of [`jörg@${U}`, `Jörg <jörg@${A}>`, `"Jörg, O." <JÖRG@${MIXED}>`]) {
    assert.equal((await sent(policy, `From: ${from}`))[0], 250, from);
  }
  for (
    const from of [`jane@${U}`, "jörg@faß.example", "jörg\uff20faß.example", `jörg\u202e@${U}`]
  ) {
    assert.equal((await sent(policy, `From: ${from}`))[0], 550, from);
  }
});

Deno.test("complete() adds a sender in UTF-8, and domains in A-labels", async () => {
  const policy = complete({ domain: U });
  assert.match((await sent(policy, "Subject: x"))[1], new RegExp(`^From: jörg@${U}\r$`, "m"));
  const [, message] = await sent(policy, "From: jörg\r\nTo: Käthe <käthe>, 用户");
  assert.match(
    message,
    new RegExp(`^From: jörg@${A}\r\nTo: Käthe <käthe@${A}>, 用户@${A}\r$`, "m"),
  );
});

Deno.test("archive() takes an address in UTF-8, and its own mail in all spellings", async () => {
  const policy = chain(archive({ to: `用户@${U}` }), on("AddRcptTo", () => mailer()));
  const [code] = await sent(policy, "From: x@a.example");
  assert.equal(code, 250);
});

Deno.test("handlers that want nothing of an address leave those beyond ASCII alone", async () => {
  for (const policy of [noRouteAddr(), requireFqdn(), passwd()]) {
    assert.equal(await asked(chain(policy, everybody), `jörg@${U}`), "250 jörg");
    assert.equal((await ask(policy, mail(`jörg@${U}`))).code, 250);
  }
  assert.equal((await ask(noRouteAddr(), mail(`@${U}:jörg@${A}`))).code, 553);
});
