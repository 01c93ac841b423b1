/**
 * `postmaster dkim`, with a real DNS server.
 *
 * @module
 */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { findAccount } from "../../src/base/passwd.ts";
import { need, needRoot } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { Directory, postmaster, Running } from "../running.ts";
import { withUser } from "../user.ts";

const SETTINGS = {
  hostname: "mx.example.net",
  listen: "127.0.0.1:0",
  domains: ["example.net"],
  postmaster: "postmaster@example.com",
  "state-directory": "state",
  "dkim-sign": {},
  relay: { mx: {} },
  queue: {},
};

interface Shown {
  readonly name: string;
  readonly selector: string;
  readonly algorithm: string;
  readonly record: string;
  readonly signs: boolean;
  readonly publication: string;
  readonly retired?: string;
}

/** The lines of a zone that publish keys, in strings of 255 octets. */
const published = (keys: readonly Pick<Shown, "name" | "record">[]): string =>
  keys.map(({ name, record }) => {
    const strings = record.match(/.{1,255}/g)!.map((one) => `"${one}"`);
    return `${name}. 60 TXT ${strings.join(" ")}\n`;
  }).join("");

Deno.test({
  name: "keys sign once their records are seen, and new ones take their places without a gap",
  ...need("nsd"),
  fn: async () => {
    await using nsd = await Nsd.start({ "example.net": "" });
    using directory = new Directory();
    const config = directory.write("postmaster.yaml", {
      ...SETTINGS,
      dns: { servers: [nsd.address] },
    });
    const dkim = async (command: string, ...more: readonly string[]): Promise<Shown[]> => {
      const { code, stdout, stderr } = await postmaster(
        ...["dkim", command, ...more, "--config", config, "--json"],
      );
      assert.equal(code, 0, stderr);
      const values = stdout.trim().split("\n").map((line) => JSON.parse(line));
      return values.flat();
    };

    const first = await dkim("generate", "example.net");
    assert.deepEqual(first.map(({ algorithm }) => algorithm), ["rsa-sha256", "ed25519-sha256"]);
    for (const { selector } of first) {
      const path = directory.of(`state/dkim/example.net/${selector}.pem`);
      assert.equal(statSync(path).mode & 0o777, 0o600);
    }
    const waiting = await dkim("show", "example.net");
    assert.deepEqual(waiting.map(({ signs }) => signs), [false, false]);
    assert.deepEqual(waiting.map(({ publication }) => publication), ["missing", "missing"]);

    await nsd.replace("example.net", published(first));
    const signing = await dkim("show", "example.net");
    assert.deepEqual(signing.map(({ signs }) => signs), [true, true]);

    const second = await dkim("rotate", "example.net");
    const selectors = new Set([...first, ...second].map(({ selector }) => selector));
    assert.equal(selectors.size, 4);
    const before = await dkim("show");
    assert.deepEqual(
      before.filter(({ signs }) => signs).map(({ selector }) => selector).toSorted(),
      first.map(({ selector }) => selector).toSorted(),
    );

    await nsd.replace("example.net", published([...first, ...second]));
    await using server = await Running.start(() => ({
      ...SETTINGS,
      "state-directory": directory.of("state"),
      dns: { servers: [nsd.address] },
    }));
    await server.logs(/key signs .*domain=example\.net/);
    await server.logs(/key retired .*domain=example\.net/);
    const after = await dkim("show");
    assert.deepEqual(
      after.filter(({ signs }) => signs).map(({ selector }) => selector).toSorted(),
      second.map(({ selector }) => selector).toSorted(),
    );
    const [old] = first;
    const removed = await postmaster("dkim", "remove", "example.net", old!.selector, "-c", config);
    assert.equal(removed.code, 0, removed.stderr);
    assert.match(removed.stdout, /its record \S+ must stay until \d{4}-\d\d-\d\d/);
    const [current] = second;
    const kept = await postmaster("dkim", "remove", "example.net", current!.selector, "-c", config);
    assert.equal(kept.code, 1);
    assert.match(kept.stderr, /signs with this key/);
  },
});

Deno.test("a key that is there already is taken, also in the form of PKCS #1", async () => {
  using directory = new Directory();
  const config = directory.write("postmaster.yaml", SETTINGS);
  const { generateKeyPairSync } = await import("node:crypto");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const file = directory.write(
    "old.pem",
    String(privateKey.export({ type: "pkcs1", format: "pem" })),
  );
  const made = await postmaster(
    ...["dkim", "generate", "example.net", "--from", file, "--selector", "2020", "-c", config],
  );
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /2020\._domainkey\.example\.net\. IN TXT/);
  assert.match(directory.read("state/dkim/example.net/2020.pem"), /^-----BEGIN PRIVATE KEY-----/);
});

Deno.test({
  name: "keys that root makes are the server's user's, and its alone",
  ...needRoot(),
  fn: () =>
    withUser(async (user) => {
      using directory = new Directory();
      Deno.chmodSync(directory.path, 0o755);
      const config = directory.write("postmaster.yaml", { ...SETTINGS, user });
      const { code, stderr } = await postmaster("dkim", "generate", "example.net", "-c", config);
      assert.equal(code, 0, stderr);
      const { uid } = findAccount(user)!;
      const files = [...Deno.readDirSync(directory.of("state/dkim/example.net"))];
      const paths = ["", "/example.net", ...files.map(({ name }) => `/example.net/${name}`)];
      for (const path of paths) {
        const found = statSync(directory.of(`state/dkim${path}`));
        assert.equal(found.uid, uid, path);
        assert.equal(found.mode & 0o077, 0, path);
      }
      assert.equal(paths.length, 6); // two directories, two keys and their states
    }),
});

Deno.test("what is no domain, no selector and no key is named", async () => {
  using directory = new Directory();
  const config = directory.write("postmaster.yaml", SETTINGS);
  const stderrOf = async (...args: readonly string[]) => {
    const { code, stderr } = await postmaster("dkim", ...args, "-c", config);
    assert.notEqual(code, 0);
    return stderr;
  };
  assert.match(await stderrOf("generate", "nowhere"), /Write a domain such as example\.net/);
  assert.match(await stderrOf("generate", "a.example", "--bits", "1024"), /2048, 3072 or 4096/);
  assert.match(await stderrOf("generate", "a.example", "--selector", "../x"), /letters, digits/);
  assert.match(await stderrOf("generate", "a.example", "--from", config), /no RSA or Ed25519 key/);
  assert.match(await stderrOf("rotate", "a.example"), /has no keys/);
});
