/**
 * The SASL mechanisms, against a password file and real hashes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { AuthClient, Mechanism, Outcome } from "../../src/auth/exchange.ts";
import { Hashes } from "../../src/auth/hashes.ts";
import { parsePasswords } from "../../src/auth/password_file.ts";
import { printScram } from "../../src/auth/user_secrets.ts";
import { LOGIN, PLAIN } from "../../src/auth/plain.ts";
import { scram, scramKeys, type ScramOptions } from "../../src/auth/scram.ts";
import { PasswordUsers } from "../../src/auth/users.ts";
import type { Verdict } from "../../src/handler/event.ts";
import { ScramClient } from "./scram_client.ts";
import { ENCRYPTED } from "../../src/testing/mod.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (octets: Uint8Array) => new TextDecoder().decode(octets);

/** The file of a server whose user joe has the password `geheim`. */
async function usersWith(hashes: Hashes): Promise<PasswordUsers> {
  const salt = encode("0123456789abcdef");
  const secrets = await Promise.all(
    (["sha256", "sha1"] as const).map(async (hash) =>
      printScram(hash, {
        salt,
        iterations: 4096,
        ...await scramKeys("geheim", salt, 4096, hash),
      })
    ),
  );
  const table = parsePasswords(
    `joe: ${await hashes.make("geheim")} ${secrets.join(" ")}\n`,
    "passwords",
  );
  return new PasswordUsers(() => table, hashes, () => encode("pepper"));
}

/** A client whose server has this certificate. */
const clientOf = (endPoint?: string): AuthClient => ({
  peer: { address: "192.0.2.1", port: 45678 },
  listener: { address: "192.0.2.25:587", kind: "submission" },
  tls: endPoint === undefined ? ENCRYPTED : { ...ENCRYPTED, endPoint: encode(endPoint) },
  signal: new AbortController().signal,
});

/** What a server finds in the end. */
type Found = Verdict | { readonly malformed: string };

async function found(outcome: Outcome, users: PasswordUsers): Promise<Found> {
  if ("malformed" in outcome) return outcome;
  return "verdict" in outcome
    ? outcome.verdict
    : await users.verify(outcome.user, outcome.password);
}

/** Says what a client says, and gives the challenges and the verdict. */
async function play(
  mechanism: Mechanism,
  users: PasswordUsers,
  ...responses: string[]
): Promise<{ challenges: string[]; verdict: Found | undefined }> {
  const challenges: string[] = [];
  const exchange = mechanism.start(clientOf());
  let step = await exchange.next();
  for (const response of responses) {
    if (step.done) break;
    challenges.push(decode(step.value));
    step = await exchange.next(encode(response));
  }
  if (!step.done) challenges.push(decode(step.value));
  return { challenges, verdict: step.done ? await found(step.value, users) : undefined };
}

const WRONG: Verdict = { refused: "the user or the password is wrong" };

Deno.test("PLAIN takes the right password and no other", async () => {
  using hashes = new Hashes();
  const users = await usersWith(hashes);
  const verdictOf = async (response: string) => (await play(PLAIN, users, response)).verdict;
  assert.deepEqual(await verdictOf("\0joe\0geheim"), { user: "joe" });
  assert.deepEqual(await verdictOf("joe\0joe\0geheim"), { user: "joe" });
  assert.deepEqual(await verdictOf("\0joe\0Geheim"), WRONG);
  assert.deepEqual(await verdictOf("\0jane\0geheim"), WRONG);
  assert.deepEqual(await verdictOf("jane\0joe\0geheim"), {
    refused: "joe may not act for another user",
  });
  for (
    const broken of ["", "joe\0geheim", "\0joe\0", "\0\0geheim", "\0joe\0geheim\0", "\0joe\0a\0b"]
  ) {
    assert.ok("malformed" in (await verdictOf(broken))!, JSON.stringify(broken));
  }
});

Deno.test("PLAIN takes no octets that are no text", async () => {
  const exchange = PLAIN.start(clientOf());
  await exchange.next();
  const { value } = await exchange.next(Uint8Array.of(0, 0x6a, 0, 0xff));
  assert.ok("malformed" in (value as Outcome));
});

Deno.test("LOGIN asks for the user, then for the password", async () => {
  using hashes = new Hashes();
  const users = await usersWith(hashes);
  const { challenges, verdict } = await play(LOGIN, users, "joe", "geheim");
  assert.deepEqual(challenges, ["Username:", "Password:"]);
  assert.deepEqual(verdict, { user: "joe" });
  assert.deepEqual((await play(LOGIN, users, "joe", "wrong")).verdict, WRONG);
});

Deno.test("a password that needs preparing is the same however the client writes it", async () => {
  using hashes = new Hashes();
  const table = parsePasswords(`joe: ${await hashes.make("IX\u00e9")}`, "passwords");
  const users = new PasswordUsers(() => table, hashes, () => encode("pepper"));
  for (const password of ["IX\u00e9", "\u2168e\u0301", "I\u00adX\u00e9"]) {
    const { verdict } = await play(PLAIN, users, `\0joe\0${password}`);
    assert.deepEqual(verdict, { user: "joe" }, password);
  }
});

Deno.test("bcrypt's hashes are taken, with the names that other tools give them", async () => {
  using hashes = new Hashes();
  for (const prefix of ["$2a$", "$2b$", "$2y$", "{BLF-CRYPT}$2y$"]) {
    const hash = `${prefix}04$abcdefghijklmnopqrstuuPWRtT5yx7FBi4dcf6ROhboeNunUrLQ.`; // by crypt(3)
    const table = parsePasswords(`joe: ${hash}`, "passwords");
    const users = new PasswordUsers(() => table, hashes, () => encode("pepper"));
    const verdicts = [await play(PLAIN, users, "\0joe\0geheim")];
    verdicts.push(await play(PLAIN, users, "\0joe\0wrong"));
    assert.deepEqual(verdicts.map(({ verdict }) => verdict), [{ user: "joe" }, WRONG], prefix);
  }
});

/** What a server finds of a client of SCRAM. */
async function scramClient(
  options: ScramOptions & { readonly secrets: PasswordUsers; readonly endPoint?: string },
  { user = "joe", password = "geheim", header = "n,,", binding = "" },
) {
  const { hash, secrets, endPoint } = options;
  const exchange = scram(options).start(clientOf(endPoint));
  await exchange.next();
  const client = new ScramClient({ hash, user, password, header, binding: encode(binding) });
  const first = await exchange.next(encode(client.first));
  if (first.done) return { verdict: await found(first.value, secrets) };
  const challenge = decode(first.value);
  const salt = /s=([^,]+)/.exec(challenge)![1]!;
  const last = await exchange.next(encode(await client.last(challenge)));
  const verdict = await found(last.value as Outcome, secrets);
  if (!("user" in verdict)) return { verdict, salt };
  assert.equal(decode(verdict.proof!), client.serverProof, "the server has proved nothing");
  return { verdict: { user: verdict.user }, salt };
}

Deno.test("SCRAM lets in who knows the password, and proves that it knows the secret", async () => {
  using hashes = new Hashes();
  const secrets = await usersWith(hashes);
  for (const hash of ["sha256", "sha1"] as const) {
    const options = { hash, secrets };
    assert.deepEqual((await scramClient(options, {})).verdict, { user: "joe" });
    assert.deepEqual((await scramClient(options, { password: "wrong" })).verdict, WRONG);
    assert.deepEqual((await scramClient(options, { user: "jane" })).verdict, WRONG);
  }
});

Deno.test("SCRAM shows those who do not exist the same salt each time", async () => {
  using hashes = new Hashes();
  const options = { hash: "sha256", secrets: await usersWith(hashes) } as const;
  const salts = await Promise.all(
    ["jane", "jane", "jim"].map(async (user) => (await scramClient(options, { user })).salt),
  );
  assert.equal(salts[0], salts[1]);
  assert.notEqual(salts[0], salts[2]);
  assert.equal(Buffer.from(salts[0]!, "base64").length, 16);
});

Deno.test("SCRAM-PLUS is bound to the certificate", async () => {
  using hashes = new Hashes();
  const secrets = await usersWith(hashes);
  const options = { hash: "sha256", secrets, plus: true, endPoint: "our certificate" } as const;
  const header = "p=tls-server-end-point,,";
  const ours = await scramClient(options, { header, binding: "our certificate" });
  assert.deepEqual(ours.verdict, { user: "joe" });
  const theirs = await scramClient(options, { header, binding: "another certificate" });
  assert.deepEqual(theirs.verdict, { refused: "the channel binding does not match" });
  const unbound = await scramClient(options, {});
  assert.ok("malformed" in unbound.verdict!);
});

Deno.test("SCRAM finds out who hides its -PLUS from the client", async () => {
  using hashes = new Hashes();
  const options = { hash: "sha256", secrets: await usersWith(hashes) } as const;
  const header = "y,,";
  assert.deepEqual((await scramClient(options, { header })).verdict, { user: "joe" });
  const deceived = await scramClient({ ...options, offersPlus: true, endPoint: "x" }, { header });
  assert.ok("malformed" in deceived.verdict!);
});

Deno.test("SCRAM takes no message that is not one", async () => {
  using hashes = new Hashes();
  const secrets = await usersWith(hashes);
  const mechanism = scram({ hash: "sha256", secrets });
  const firsts = ["", "n", "n,,", "n,,n=joe", "n,,n=,r=x", "n,,r=x,n=joe", "n,,m=x,n=joe,r=x"];
  for (const first of [...firsts, "x,,n=joe,r=x", "n,,n=a=b,r=x", "n,,n=joe,r=\u00e9"]) {
    const { verdict } = await play(mechanism, secrets, first);
    assert.ok(verdict !== undefined && "malformed" in verdict, first);
  }
  for (const last of ["", "c=biws", "c=biws,r=x", "p=AAAA", "c=biws,p=AAAA,r=x"]) {
    const { verdict } = await play(mechanism, secrets, "n,,n=joe,r=x", last);
    assert.ok(verdict !== undefined && "malformed" in verdict, last);
  }
  const stolen = await play(mechanism, secrets, "n,,n=joe,r=x", "c=biws,r=xy,p=AAAA");
  assert.deepEqual(stolen.verdict, WRONG);
});
