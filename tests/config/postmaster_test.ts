/**
 * Mail for postmaster is taken, and somebody reads it (RFC 5321 section 4.5.1).
 *
 * @module
 */
import assert from "node:assert/strict";
import { build, ConfigError, loadConfig, parseConfig } from "../../src/config/mod.ts";
import { Mailbox } from "../../src/smtp/mailbox.ts";
import { type Asking, asking, routes, status } from "../handlers/ask.ts";
import { codes, Directory, postmaster, Running, sendMail } from "../running.ts";

async function site(text: string): Promise<Asking> {
  const config = parseConfig(`hostname: mx.example.net\n${text}`, "/etc/postmaster.yaml");
  return asking((await build(config)).policy);
}

const BARE = new Mailbox("PostMaster", "");
const TWO = "domains: [a.example, b.example]\nusers: [joe, jane]\n";
const RELAY = 'relay: {command: [sendmail, "{recipient}"]}\n';
const NOBODY = "handlers: [{reply: {on: AddRcptTo, code: 550, enhanced: 5.1.1, text: nobody}}]\n";

/** What says who reads it, and where it goes: without a domain, in the first and in the second. */
const SAID: readonly [string, string, string, string][] = [
  [`${TWO}postmaster: joe`, "joe@a.example", "joe@a.example", "joe@b.example"],
  [`${TWO}postmaster: jane@b.example`, "jane@b.example", "jane@b.example", "jane@b.example"],
  [`${TWO}aliases: {postmaster: jane}`, "jane@a.example", "jane@a.example", "jane@b.example"],
  [
    `${TWO}postmaster: joe\naliases: {postmaster@b.example: jane}`,
    ...["joe@a.example", "joe@a.example", "jane@b.example"] as const,
  ],
  [
    "domains: [a.example, b.example]\nusers: [postmaster]",
    ...["postmaster@a.example", "postmaster@a.example", "postmaster@b.example"] as const,
  ],
  [
    `${TWO}aliases: {"@a.example": joe, "@b.example": jane}`,
    ...["joe@a.example", "joe@a.example", "jane@b.example"] as const,
  ],
];

for (const [text, ...wanted] of SAID) {
  for (const handlers of ["", NOBODY]) {
    Deno.test(`postmaster is read with ${JSON.stringify(`${text}\n${handlers}`)}`, async () => {
      const { rcpt } = await site(`${text}\n${handlers}`);
      for (const [i, to] of [BARE, "PostMaster@a.example", "POSTMASTER@B.example"].entries()) {
        const found = routes(await rcpt(to)).join();
        assert.equal(found.toLowerCase(), `${wanted[i]} -> mailer`, `${to}`);
      }
      assert.equal(status(await rcpt("postmaster@c.example")).slice(0, 3), "550", "not ours");
    });
  }
}

Deno.test("mail for postmaster may be for a list, and leave where the operator said so", async () => {
  const text = `${TWO}${RELAY}postmaster: [joe, ann@else.example]\n`;
  for (const handlers of ["", NOBODY]) {
    const { rcpt } = await site(text + handlers);
    const both = ["joe@a.example -> mailer", "ann@else.example -> relay"];
    assert.deepEqual(routes(await rcpt(BARE)), both);
    assert.equal((await rcpt("ann@else.example")).code, 550);
  }
});

Deno.test("handlers are asked first, and a refusal of theirs for another reason stands", async () => {
  const first = "handlers: [{alias: {postmaster: jane@b.example}}]\n";
  const { rcpt } = await site(`${TWO}postmaster: joe\n${first}`);
  assert.deepEqual(routes(await rcpt(BARE)), ["jane@b.example -> mailer"]);
  const busy = "handlers: [{defer: {text: later}}]\n";
  assert.match(status(await (await site(`${TWO}postmaster: joe\n${busy}`)).rcpt(BARE)), /^4/);
  const banned = 'handlers: [{reject: {text: "not you"}}]\n';
  assert.equal(
    status(await (await site(`${TWO}postmaster: joe\n${banned}`)).rcpt(BARE)),
    "550 5.7.1",
  );
});

Deno.test("a server without domains has a postmaster all the same", async () => {
  for (const handlers of ["", NOBODY]) {
    const { rcpt } = await site(`users: [joe]\npostmaster: joe\n${handlers}`);
    assert.deepEqual(routes(await rcpt(BARE)), ["joe@mx.example.net -> mailer"]);
    assert.equal((await rcpt("joe@mx.example.net")).code, 550);
  }
});

Deno.test("without a configuration, who runs the server reads it", async () => {
  const { policy } = await build(loadConfig(undefined, { hostname: "mx.example.net" }));
  const reply = await asking(policy).rcpt(BARE);
  const [route] = reply.routes ?? [];
  assert.equal(route?.target.target, "mailer");
  const passwd = Deno.readTextFileSync("/etc/passwd");
  assert.match(passwd, new RegExp(`^${route?.user}:[^:]*:${Deno.uid()}:`, "m"));
});

const SAY = "every server must take: write who does, a user or an address, as in `postmaster: joe`";
const UNSAID: readonly [string, string, string][] = [
  ["users: [joe]", "1:1", `nobody reads the mail for postmaster, which ${SAY}`],
  [NOBODY, "1:1", `nobody reads the mail for postmaster, which ${SAY}`],
  [`${TWO}`, "1:1", `nobody reads the mail for postmaster, which ${SAY}`],
  [
    `${TWO}aliases: {postmaster@a.example: joe}`,
    "1:1",
    `nobody reads the mail for postmaster@b.example, which ${SAY}`,
  ],
  [
    `${TWO}postmaster: jeo`,
    "3:13",
    "`jeo@a.example` is neither a user nor an alias: mend the name, or add it to `users` or the aliases",
  ],
  [
    `${TWO}postmaster: joe\naliases: {Postmaster: joe}`,
    "4:11",
    "the alias `Postmaster` is here for the second time: keep one",
  ],
  [
    `${TWO}postmaster: [joe, a b]`,
    "3:19",
    "`a b` is no address: write joe@example.net, or joe in the same domain",
  ],
];

for (const [text, place, message] of UNSAID) {
  Deno.test(`parseConfig() says how to mend ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseConfig(text, "p.yaml"), ({ problems }: ConfigError) => {
      const found = problems.map((one) => `${one.line}:${one.column} ${one.message}`);
      assert.deepEqual(found, [`${place} ${message}`]);
      return true;
    });
  });
}

Deno.test("aliases that are read again and leave postmaster out are not used", async () => {
  using directory = new Directory();
  const aliases = directory.write("aliases", "postmaster: joe\nsales: joe\n");
  const { rcpt } = await site(`${TWO}aliases: {file: ${aliases}}`);
  directory.write("aliases", "sales: jane\n");
  assert.deepEqual(routes(await rcpt(BARE)), ["joe@a.example -> mailer"]);
  assert.equal(status(await rcpt("nobody@a.example")), "451 4.3.0");
});

Deno.test("check and run say that nobody reads it, and do nothing else", async () => {
  using directory = new Directory();
  const config = directory.write(
    "postmaster.yaml",
    "hostname: mx.example.net\nlisten: 127.0.0.1:0\ndomains: [example.net]\nusers: [joe]\n",
  );
  for (const command of ["check", "run"]) {
    const { code, stdout, stderr } = await postmaster(command, "--config", config);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.equal(stderr, `${config}:1:1: nobody reads the mail for postmaster, which ${SAY}\n`);
  }
});

Deno.test("a running server delivers it, whatever its case and with or without a domain", async () => {
  await using server = await Running.start(() => ({ postmaster: "you" }));
  using client = await server.connect();
  for (
    const path of ["postmaster", "PostMaster", "postmaster@example.net", "POSTMASTER@EXAMPLE.NET"]
  ) {
    assert.equal(await sendMail(client, path), 250, path);
  }
  const delivered = server.directory.read("mail").match(/^Delivered-To: you@example\.net$/gmi);
  assert.equal(delivered?.length, 4);
  assert.deepEqual(await codes(client, "MAIL FROM:<>", "RCPT TO:<postmaster@else.example>"), [
    250,
    550,
  ]);
});
