import { deepEqual, equal, match } from "node:assert/strict";
import { ConfigError, parseConfig } from "../../src/config/mod.ts";
import { keysDirectory, signingOf } from "../../src/config/dkim_sign.ts";
import { silent } from "../../src/log/event.ts";
import { Directory } from "../running.ts";

const MAIN = { hostname: "mx.example.org", postmaster: "joe", users: ["joe"], relay: { mx: {} } };

/** Reads a configuration. */
function read(directory: Directory, settings: object) {
  const file = directory.write("postmaster.yaml", { ...MAIN, ...settings });
  return parseConfig(Deno.readTextFileSync(file), file);
}

/** Who signs mail of a user, of a client of this machine, of one by a Unix socket, and of a stranger. */
function signersIn(directory: Directory, settings: object): string {
  const config = read(directory, { "state-directory": "state", ...settings });
  const signing = signingOf(config, { library: undefined, log: silent });
  const sources = [
    { isOwn: true, source: "192.0.2.1" },
    ...["127.0.0.1", "unix", "192.0.2.1"].map((source) => ({ source })),
  ];
  return sources.map((one) => signing?.signerFor(one) === undefined ? "no" : "yes").join(" ");
}

Deno.test("users, this machine and the server itself sign, and strangers do not", () => {
  using directory = new Directory();
  equal(signersIn(directory, {}), "no no no no");
  equal(signersIn(directory, { "dkim-sign": {} }), "yes yes yes no");
  equal(signersIn(directory, { "dkim-sign": { networks: [] } }), "yes no no no");
  equal(signersIn(directory, { "dkim-sign": { networks: ["192.0.2.0/24"] } }), "yes no no yes");
  const both = { "dkim-sign": {}, "arc-seal": { domain: "example.org" } };
  equal(signersIn(directory, both), "yes yes yes yes");
  equal(signersIn(directory, { "arc-seal": { domain: "example.org" } }), "no yes yes yes");
});

Deno.test("keys are in the state directory, or where the configuration says", () => {
  using directory = new Directory();
  const place = (dkim: object) =>
    keysDirectory(read(directory, { "state-directory": "state", "dkim-sign": dkim }));
  equal(place({}), directory.of("state/dkim"));
  equal(place({ keys: "keys" }), directory.of("keys"));
});

Deno.test("domains are compared by their A-labels", () => {
  using directory = new Directory();
  const { dkimSign } = read(directory, {
    "dkim-sign": { domains: ["B\u00dcCHER.example", "A.Net"] },
  });
  deepEqual(dkimSign?.domains, ["xn--bcher-kva.example", "a.net"]);
});

Deno.test("mistakes are told", () => {
  using directory = new Directory();
  const mistakes: readonly (readonly [object, RegExp])[] = [
    [{ "dkim-sign": { domains: [] } }, /dkim-sign\.domains/],
    [{ "dkim-sign": { domains: ["a b"] } }, /`a b` is no domain: write one such as example\.net/],
    [{ "dkim-sign": { fields: ["a b"] } }, /`a b` is no header field that can be signed/],
    [{ "dkim-sign": { fields: ["DKIM-Signature"] } }, /is no header field that can be signed/],
    [{ "dkim-sign": { fields: ["arc-seal"] } }, /is no header field that can be signed/],
    [{ "dkim-sign": { networks: ["10.1.2.3/8"] } }, /write 10\.0\.0\.0\/8 for all of it/],
    [{ "dkim-sign": { "valid-for": "1 min" } }, /make it 1 h or more/],
    [{ "dkim-sign": { selector: "a" } }, /selector/],
    [{ "arc-seal": {} }, /arc-seal.*domain/],
  ];
  for (const [settings, wanted] of mistakes) {
    let said = "nothing";
    try {
      read(directory, settings);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      said = error.message;
    }
    match(said, wanted);
  }
});

Deno.test("signatures where the server sends nothing itself are doubtful", () => {
  using directory = new Directory();
  const told = (relay: object | undefined) =>
    read(directory, { relay, "dkim-sign": {}, "arc-seal": { domain: "example.org" } }).warnings
      .filter(({ message }) => message.includes("itself sends on")).length;
  equal(told({ mx: {} }), 0);
  equal(told({ command: ["/usr/sbin/sendmail", "{recipient}"] }), 2);
  equal(told(undefined), 2);
});
