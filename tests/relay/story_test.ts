/**
 * The story of the README with two real servers: a user hands mail in, another machine gets it by MX and DANE, and its
 * bounce comes back the same way.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { need } from "../need.ts";
import { freePort } from "../ports.ts";
import {
  type Directory,
  postmaster,
  PROGRAM,
  run,
  Running,
  type Settings,
  until,
} from "../running.ts";
import { issue, type Issued } from "../tls/authority.ts";
import { Unbound } from "../unbound.ts";

const [HERE, THERE] = ["127.0.1.61", "127.0.1.62"];
const PASSWORD = "correct horse battery";

const zone = (host: string, address: string, port: number, { spki }: Issued): string => `
@ MX 10 ${host}
${host} A ${address}
_${port}._tcp.${host} TLSA 3 1 1 ${createHash("sha256").update(spki).digest("hex")}`;

/** A mailer that keeps mail, and knows no `gone`. */
const mailer = (directory: Directory): Settings => ({
  command: ["sh", "-c", 'test "$1" != gone || exit 67; cat >> "$2"', "sh", "{user}"]
    .concat(directory.of("mail")),
});

/** A machine with a certificate that says who it is only by its TLSA record. */
const machine = (
  name: string,
  { certificate, key }: Issued,
  unbound: Unbound,
  port: number,
  more: (directory: Directory) => Settings,
) =>
  Running.start((directory) => ({
    hostname: name,
    tls: {
      certificate: directory.write("cert.pem", certificate),
      key: directory.write("key.pem", key),
    },
    dns: { servers: [unbound.address], validating: true },
    relay: { mx: { port }, allow: ["127.0.0.0/8"] },
    mailer: mailer(directory),
    deliver: "queued",
    ...more(directory),
  }));

Deno.test({
  name: "mail of a user goes to another machine by MX and DANE, and its bounce comes back",
  ...need("nsd", "unbound", "ldns-signzone", "swaks"),
  fn: async () => {
    const [port, submission] = [freePort(), freePort()];
    const own = await issue({ name: "mail.example.net", domains: ["mail.example.net"] });
    const other = await issue({ name: "mx.example.org", domains: ["mx.example.org"] });
    await using unbound = await Unbound.start({
      "example.net": zone("mail", HERE, port, own),
      "example.org": zone("mx", THERE, port, other),
    }, { "example.net": {}, "example.org": {} });
    await using here = await machine("mail.example.net", own, unbound, port, (directory) => ({
      listen: [`${HERE}:${port}`, { address: `${HERE}:${submission}`, kind: "submission" }],
      domains: ["example.net"],
      users: ["joe"],
      postmaster: "joe",
      auth: { passwords: { file: directory.write("passwords", "") } },
    }));
    await using there = await machine("mx.example.org", other, unbound, port, () => ({
      listen: `${THERE}:${port}`,
      domains: ["example.org"],
      users: ["ann", "gone"],
      postmaster: "ann",
    }));
    const config = ["--config", here.directory.of("postmaster.yaml")];
    const passwords = ["--file", here.directory.of("passwords")];
    Deno.chmodSync(here.directory.of("passwords"), 0o600);
    const command = async (input: string, program: string, ...args: readonly string[]) => {
      const { code, stdout, stderr } = await run(program, args, input);
      assert.equal(code, 0, `${stdout}${stderr}`);
    };
    const [deno = "", ...args] = PROGRAM;
    await command(`${PASSWORD}\n`, deno, ...args, "user", "add", "joe", ...passwords);
    const probed = await postmaster("probe", "example.org", ...config);
    assert.equal(probed.code, 0, probed.stdout + probed.stderr);
    assert.match(probed.stdout, /^example\.org: mail would go/);
    assert.match(probed.stdout, /verified by dane$/m);

    await command(
      "",
      "swaks",
      ...["--server", `${HERE}:${submission}`, "--tls", "--from", "joe@example.net"],
      ...[
        "--auth-user",
        "joe",
        "--auth-password",
        PASSWORD,
        "--to",
        "ann@example.org,gone@example.org",
      ],
      ...["--header", "Subject: hello from joe"],
    );
    await until("ann has it", () => /hello from joe/.test(there.directory.read("mail")));
    const arrived = there.directory.read("mail");
    assert.match(
      arrived,
      /^Received: from mail\.example\.net .*\n?[^]*by mx\.example\.org with ESMTPS/m,
    );
    const told = () => here.directory.read("mail");
    await until("joe has the bounce", () => /could not be delivered/.test(told()));
    assert.match(told(), /by mail\.example\.net with ESMTPS/);
    assert.match(told(), /^Final-Recipient: rfc822;gone@example\.org/m);

    const traced = await postmaster("trace", "--from", "joe@example.net", ...config);
    assert.equal(traced.code, 0, traced.stderr);
    assert.match(
      traced.stdout,
      /^ {4}server: mx\.example\.org, 127\.0\.1\.62, TLSv1\.3 \S+, verified by dane$/m,
    );
  },
});
