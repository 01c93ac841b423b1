/**
 * All mail goes by another such server, which wants a login under TLS.
 */
import { equal, match, ok } from "node:assert/strict";
import { Hashes } from "../../src/auth/hashes.ts";
import { userLine } from "../../src/auth/edit.ts";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { freePort } from "../ports.ts";
import { type Directory, Running, sendMail, type Settings, until } from "../running.ts";
import { issue } from "../tls/authority.ts";
import { Sink } from "./sink.ts";

const PASSWORD = "correct horse battery";

const authority = await issue({ name: "authority", below: 0 });
const own = await issue({ name: "smart.example", domains: ["smart.example"], by: authority });

function secretFile(directory: Directory, password: string): string {
  const file = directory.write("password", `${password}\n`);
  Deno.chmodSync(file, 0o600);
  return file;
}

/** A server that sends everything by the smarthosts, as joe. */
const bySmarthosts =
  (dns: Nsd, hosts: readonly string[], password: string) => (directory: Directory): Settings => ({
    handlers: [{ "relay-to": { networks: ["127.0.0.0/8"] } }],
    dns: { servers: [dns.address] },
    relay: {
      via: hosts.map((url) => ({
        ...{ url, user: "joe", tls: "verify" },
        "password-file": secretFile(directory, password),
      })),
      ca: directory.write("ca.pem", authority.certificate),
    },
    queue: { retry: ["1 h"] },
    deliver: "queued",
    log: { level: "debug" },
  });

Deno.test({
  name:
    "a smarthost gets mail with a login under TLS; one with a wrong certificate learns neither mail nor password",
  ...need("nsd"),
  fn: async () => {
    const port = freePort();
    using hashes = new Hashes();
    const line = await userLine("joe", PASSWORD, hashes);
    await using smart = await Running.start((directory) => ({
      ...{ hostname: "smart.example", domains: ["smart.example"] },
      listen: [{ address: `127.0.1.41:${port}`, kind: "submission" }],
      users: ["joe", "ann"],
      auth: { passwords: { file: directory.write("passwords", `${line}\n`) } },
      tls: {
        certificate: directory.write("certificate.pem", own.certificate),
        key: directory.write("key.pem", own.key),
      },
    }));
    const evil = {
      extensions: ["AUTH PLAIN LOGIN"],
      tls: await issue({ name: "evil.example", domains: ["evil.example"], by: authority }),
    };
    await using misnamed = await Sink.start({ ...evil, address: "127.0.1.42", port });
    await using stripped = await Sink.start({
      ...{ extensions: evil.extensions, address: "127.0.1.43", port },
    });
    await using nsd = await Nsd.start({
      "smart.example": "@ A 127.0.1.41\nevil A 127.0.1.42\nbare A 127.0.1.43\ndead A 127.0.1.44",
    });
    const url = (host: string) => `smtp://${host}:${port}`;
    const [dead, bad, bare] = ["dead", "evil", "bare"].map((name) => url(`${name}.smart.example`));
    const good = url("smart.example");
    await using server = await Running.start(bySmarthosts(nsd, [dead!, bad!, good], PASSWORD));
    using client = await server.connect();
    equal(await sendMail(client, "ann@smart.example"), 250);
    await until(
      () => `it has arrived: ${server.log.join("\n")}`,
      () => /Subject: hello/.test(smart.directory.read("mail")),
    );
    match(smart.directory.read("mail"), /by smart\.example with ESMTPSA/);

    await using wrong = await Running.start(bySmarthosts(nsd, [bare!, good], "guess-what"));
    using other = await wrong.connect();
    equal(await sendMail(other, "ann@smart.example"), 250);
    match(await wrong.logs(/deferred/), /joe|login|535/);
    for (const { clear, encrypted } of [...misnamed.heard, ...stripped.heard]) {
      ok(!/AUTH|MAIL /.test(encrypted));
      ok(!/\nAUTH |\nMAIL /.test(clear));
    }
    const logs = [...server.log, ...wrong.log].join("\n");
    for (const secret of [PASSWORD, "guess-what"]) {
      for (const one of [secret, btoa(`\0joe\0${secret}`), btoa(secret)]) ok(!logs.includes(one));
    }
  },
});
