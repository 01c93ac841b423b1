/** What `postmaster check` and the start say of keys, with a real DNS server. */
import { equal, match } from "node:assert/strict";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { freePort } from "../ports.ts";
import { Directory, postmaster } from "../running.ts";
import { nameOf, newKey, recordOf, writeKeys } from "../signing/keys.ts";

const key = newKey("ed25519", { selector: "one" });
const other = newKey("ed25519", { selector: "two" });
const txt = (name: string, record: string) => `${name}. TXT "${record}"`;

const written = (directory: Directory, dns: string, more: object = {}): string =>
  directory.write("postmaster.yaml", {
    ...{ hostname: "mx.example.net", listen: "127.0.0.1:0", domains: ["example.net"] },
    ...{ users: ["joe"], postmaster: "joe", relay: { mx: {} }, "handlers-as-root": true },
    ...{ "state-directory": directory.of("state"), dns: { servers: [dns] } },
    forwarding: "example.net",
    ...more,
  });

const check = (config: string) => postmaster("check", "--config", config);

Deno.test({
  name: "check says of each key whether it is published, and warns if not",
  ...need("nsd"),
  fn: async () => {
    const records = [
      txt(nameOf(key), recordOf(key)),
      txt(nameOf(other), recordOf(newKey("ed25519"))),
    ];
    await using nsd = await Nsd.start({ "example.net": records.join("\n") });
    using directory = new Directory();
    const config = written(directory, nsd.address);
    const without = await check(config);
    equal(without.code, 1);
    match(
      without.stderr,
      /postmaster\.yaml:\d+:\d+: `forwarding`: there are no keys of example\.net/,
    );
    match(without.stderr, /`postmaster dkim generate example\.net`/);

    writeKeys(directory.of("state/dkim"), [key, other, newKey("ed25519", { selector: "three" })]);
    const { code, stdout, stderr } = await check(config);
    equal(code, 0, stderr);
    match(stdout, /^key: one\._domainkey\.example\.net signs, and its record is published$/m);
    match(stdout, /^warning: two\._domainkey\.example\.net has another record, .*dkim show/m);
    match(stdout, /^warning: three\._domainkey\.example\.net has no record, .*dkim show/m);
  },
});

Deno.test("a DNS that does not answer is a warning of check", async () => {
  using directory = new Directory();
  const config = written(directory, `127.0.0.1:${freePort()}`);
  writeKeys(directory.of("state/dkim"), [key]);
  const { code, stdout, stderr } = await check(config);
  equal(code, 0, stderr);
  match(stdout, /^warning: the DNS does not say now whether one\._domainkey\.example\.net is /m);
});

Deno.test("a file that is no key is named, with its place", async () => {
  using directory = new Directory();
  const config = written(directory, `127.0.0.1:${freePort()}`);
  writeKeys(directory.of("state/dkim"), [{ ...key, pem: "none" }]);
  const { code, stderr } = await check(config);
  equal(code, 1);
  match(stderr, /`forwarding`: .*dkim\/example\.net\/one\.pem has no RSA or Ed25519 key in PEM/);
});
