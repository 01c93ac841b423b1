/**
 * How the client proves who it is: to this server, to a real Dovecot, and to servers that cheat.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { faulty } from "../../src/client/outcomes.ts";
import { LoginRefused } from "../../src/client/fault.ts";
import { scram } from "../../src/client/sasl/scram.ts";
import { mechanismFor } from "../../src/client/sasl/choice.ts";
import { Hashes } from "../../src/auth/hashes.ts";
import { scramKeys } from "../../src/auth/scram.ts";
import { printScram } from "../../src/auth/user_secrets.ts";
import { encode } from "../../src/smtp/ascii.ts";
import { serveLogins } from "../auth/logins.ts";
import { need, needRoot } from "../need.ts";
import { freePort } from "../ports.ts";
import { until } from "../running.ts";
import { Dovecot } from "./dovecot.ts";
import { byPassword, byToken, hopOf, logIn, Scripted } from "./opened.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const PASSWORD = "grün, wirklich = grün";

/** A file of passwords with joe, for all mechanisms. */
async function passwords(): Promise<string> {
  using hashes = new Hashes();
  const salt = encode("0123456789abcdef");
  const make = async (hash: "sha256" | "sha1") =>
    printScram(hash, { salt, iterations: 4096, ...await scramKeys(PASSWORD, salt, 4096, hash) });
  return `joe@example.net: ${await hashes.make(PASSWORD)} ${await make("sha256")} ${await make(
    "sha1",
  )}\n`;
}

Deno.test("each mechanism lets a user in at this server, and not with a wrong password", async () => {
  const file = await passwords();
  for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"]) {
    await using server = await serveLogins((directory) => {
      directory.write("passwords", file);
      Deno.chmodSync(directory.of("passwords"), 0o600);
      return { mechanisms: [mechanism], passwords: { file: directory.of("passwords") } };
    });
    const hop = hopOf(server.port);
    assert.equal(await logIn(hop, byPassword("joe@example.net", PASSWORD)), "in");
    assert.match(
      await logIn(hop, byPassword("joe@example.net", "wrong")),
      new RegExp(`^LoginRefused: localhost does not let joe@example.net in by ${mechanism}: 535`),
    );
    assert.match(server.log.join("\n"), new RegExp(`authenticated .*mechanism=${mechanism}`));
  }
});

Deno.test({
  name: "Dovecot lets a user in, with SCRAM before PLAIN",
  ignore: need("dovecot").ignore || needRoot().ignore,
  fn: async () => {
    const port = freePort();
    const start = (mechanisms: string) =>
      Dovecot.start((directory) => {
        directory.write("dovecot-users", "joe:{plain}correct horse\n");
        return `protocols = submission
auth_mechanisms = ${mechanisms}
disable_plaintext_auth = no
submission_relay_host = 127.0.0.1
submission_relay_port = 9
passdb {
  driver = passwd-file
  args = ${directory.of("dovecot-users")}
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}
service submission-login {
  inet_listener submission {
    address = 127.0.0.1
    port = ${port}
  }
}`;
      }, (directory) => directory.of("base/login/submission"));
    for (const all of ["login", "plain scram-sha-256"]) {
      await using dovecot = await start(all);
      // The session after a login is of no use here: Dovecot looks for the server behind it first.
      await logIn(hopOf(port), byPassword("joe", "correct horse"));
      const best = all.split(" ").at(-1)!.toUpperCase();
      const log = () => dovecot.directory.read("dovecot.log");
      const found = `Login: user=<joe>, method=${best}`;
      await until(
        () => `the log of Dovecot has ${found}; it says ${log()}`,
        () => log().includes(found),
      );
    }
  },
});

const identity = { user: "joe", host: "mx.example.net", port: 587 };
const choice = (offered: string, isPrivate: boolean, proof: object = { password: "secret" }) => {
  const all = offered.split(" ").filter(Boolean);
  const chosen = mechanismFor(all, { ...identity, credentials: proof as never }, isPrivate);
  return typeof chosen === "string" ? chosen : chosen.name;
};

Deno.test("the strongest mechanism is chosen, and no password is shown to those who read along", () => {
  assert.equal(choice("LOGIN PLAIN SCRAM-SHA-1 scram-sha-256", true), "SCRAM-SHA-256");
  assert.equal(choice("LOGIN PLAIN", true), "PLAIN");
  assert.equal(choice("LOGIN", true), "LOGIN");
  assert.equal(choice("PLAIN SCRAM-SHA-1", false), "SCRAM-SHA-1");
  assert.match(choice("PLAIN LOGIN", false), /without TLS, others could read/);
  assert.match(choice("", false), /it offers no AUTH without TLS/);
  assert.match(choice("NTLM GSSAPI", true), /offers only NTLM, GSSAPI, and none of SCRAM-SHA-256/);
  const token = { token: "abc" };
  assert.equal(choice("PLAIN XOAUTH2 OAUTHBEARER", true, token), "OAUTHBEARER");
  assert.equal(choice("PLAIN XOAUTH2", true, token), "XOAUTH2");
  assert.match(choice("XOAUTH2", false, token), /without TLS/);
  assert.match(choice("PLAIN", true, token), /none of OAUTHBEARER, XOAUTH2/);
});

Deno.test("a password is not sent in clear text to another machine", async () => {
  await using server = await new Scripted("AUTH PLAIN LOGIN", () => "235 welcome").start();
  const hop = hopOf(server.port);
  const said = await logIn(hop, byPassword("joe", "secret"), "192.0.2.1");
  assert.match(said, /^LoginRefused: .*without TLS, others could read the password/);
  assert.deepEqual(server.lines, []);
  assert.equal(await logIn(hop, byPassword("joe", "secret")), "in");
});

Deno.test("SCRAM says what RFC 5802 and RFC 7677 say", async () => {
  const cases = [
    {
      hash: "sha1",
      nonce: "fyko+d2lbbFgONRv9qkxdawL",
      challenge: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
      proof: "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
      server: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    },
    {
      hash: "sha256",
      nonce: "rOprNGfwEbeRWgbNEkqO",
      challenge:
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
      proof: "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
      server: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    },
  ] as const;
  for (const { hash, nonce, challenge, proof, server } of cases) {
    const client = scram(hash, { user: "user", password: "pencil" }, nonce);
    const last = Buffer.from(await client.respond(encode(challenge))).toString();
    assert.equal(last, `c=biws,${challenge.split(",")[0]},${proof}`);
    assert.throws(() => client.finish!(), /gives no proof/);
    assert.throws(() => client.respond(encode("v=AAAA")), /its proof is wrong/);
    assert.equal(Buffer.from(await client.respond(encode(server))).length, 0);
    client.finish!();
  }
});

Deno.test("a server that cannot prove that it knows the password, or makes it easy to guess, is left", async () => {
  const nonceOf = (line: string) =>
    /r=(.*)/.exec(Buffer.from(line.split(" ")[2]!, "base64").toString())![1]!;
  const challenged = (challenge: (nonce: string) => string, next: string) => (line: string) =>
    line.startsWith("AUTH")
      ? `334 ${base64(challenge(nonceOf(line)))}`
      : line === "*"
      ? "501 cancelled"
      : next;
  const salt = base64("salt");
  const cases = [
    [challenged((n) => `r=${n}x,s=${salt},i=4096`, "235 welcome"), /gives no proof/],
    [challenged((n) => `r=${n}x,s=${salt},i=4096`, `334 ${base64("v=AAAA")}`), /proof is wrong/],
    [challenged((n) => `r=${n}x,s=${salt},i=1`, "235 welcome"), /wants 1 iterations/],
    [challenged((n) => `r=${n}x,s=${salt},i=999999999`, ""), /wants 999999999 iterations/],
    [challenged((n) => `r=${n},s=${salt},i=4096`, ""), /does not continue/],
    [challenged(() => "nonsense", ""), /not one of SCRAM/],
    [() => "235 welcome", /gives no proof/],
  ] as const;
  for (const [answer, expected] of cases) {
    await using server = await new Scripted("AUTH SCRAM-SHA-256", answer).start();
    const said = await logIn(hopOf(server.port), byPassword("joe", "secret"));
    assert.match(said, /^LoginRefused: /);
    assert.match(said, expected);
  }
});

Deno.test("what a refused login says has no secret, even if the server repeats it", async () => {
  await using server = await new Scripted(
    "AUTH PLAIN",
    (line) => `500 5.5.2 cannot understand "${line}"`,
  ).start();
  const said = await logIn(hopOf(server.port), byPassword("joe", "secret"));
  assert.match(said, /500 5\.5\.2 cannot understand "AUTH PLAIN \*\*\*"/);
  assert.ok(!said.includes(base64("\0joe\0secret")));
});

Deno.test("mail waits if the login fails: for as long as it takes if the password is wrong", async () => {
  const outcome = faulty(new LoginRefused("mx.example.net does not let joe in"), "mx.example.net");
  assert.partialDeepStrictEqual(outcome, {
    ...{ result: "deferred", status: "4.7.8", scope: "server", kind: "login" },
  });
  await using busy = await new Scripted("AUTH PLAIN", () => "454 4.7.0 later").start();
  const said = await logIn(hopOf(busy.port), byPassword("joe", "secret"));
  assert.match(said, /^Refused: localhost does not let joe in by PLAIN: 454 4\.7\.0 later/);
});

Deno.test("a token that is refused is answered as its mechanism wants", async () => {
  const cases = [["OAUTHBEARER", "AQ=="], ["XOAUTH2", ""]] as const;
  for (const [mechanism, answer] of cases) {
    const reply = (_: string, { length }: readonly string[]) =>
      length === 1 ? `334 ${base64('{"status":"400"}')}` : "535 5.7.8 no";
    await using server = await new Scripted(`AUTH ${mechanism}`, reply).start();
    const said = await logIn(hopOf(server.port), byToken("joe@example.net", "abc"));
    assert.match(said, new RegExp(`LoginRefused: .* by ${mechanism}: 535 5.7.8 no`));
    const [auth = "", second] = server.lines;
    assert.equal(
      Buffer.from(auth.split(" ")[2]!, "base64").toString().replaceAll("\x01", "|"),
      mechanism === "XOAUTH2"
        ? "user=joe@example.net|auth=Bearer abc||"
        : `n,a=joe@example.net,|host=localhost|port=${server.port}|auth=Bearer abc||`,
    );
    assert.equal(second, answer);
  }
});

Deno.test("a first response that is too long for a command follows it", async () => {
  const token = "x".repeat(2000);
  const reply = (_: string, { length }: readonly string[]) => length === 1 ? "334 " : "235 welcome";
  await using server = await new Scripted("AUTH XOAUTH2", reply).start();
  assert.equal(await logIn(hopOf(server.port), byToken("joe", token)), "in");
  assert.equal(server.lines[0], "AUTH XOAUTH2");
  assert.ok(Buffer.from(server.lines[1]!, "base64").toString().includes(token));
});

Deno.test("a server that asks for ever is left", async () => {
  await using server = await new Scripted("AUTH LOGIN", () => "334 VXNlcm5hbWU6").start();
  const said = await logIn(hopOf(server.port), byPassword("joe", "secret"));
  assert.match(said, /^LoginRefused: .*it asks after all was said/);
});
