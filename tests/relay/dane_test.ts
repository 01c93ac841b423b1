/**
 * Mail to servers whose certificates the DNS names, from outside.
 */
import { deepEqual, match, ok } from "node:assert/strict";
import { runClient } from "../clients.ts";
import { need } from "../need.ts";
import { freePort } from "../ports.ts";
import { Running, until } from "../running.ts";
import { issue } from "../tls/authority.ts";
import { Unbound } from "../unbound.ts";
import { queued, relaying, send } from "./relaying.ts";
import { Sink } from "./sink.ts";

const sha256 = async (data: Uint8Array): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(data))).toHex();

Deno.test({
  name:
    "mail for another such server goes by MX with DANE; a server without the right certificate gets nothing",
  ...need("nsd", "unbound", "ldns-signzone"),
  fn: async () => {
    const port = freePort();
    const right = await issue({ name: "mx.dane.example", domains: ["mx.dane.example"] });
    const wrong = await issue({ name: "mx.dane.example", domains: ["mx.dane.example"] });
    const tlsa = `_${port}._tcp.mx TLSA 3 1 1 ${await sha256(right.spki)}`;
    const zone = (address: string) => `@ MX 10 mx\nmx A ${address}\n${tlsa}`;
    await using other = await Running.start((directory) => ({
      ...{ hostname: "mx.dane.example", listen: `127.0.1.31:${port}`, domains: ["dane.example"] },
      ...{ users: ["ann"], postmaster: "ann" },
      tls: {
        certificate: directory.write("certificate.pem", right.certificate),
        key: directory.write("key.pem", right.key),
      },
      mailer: { command: ["tee", "-a", directory.of("mail")] },
    }));
    await using evil = await Sink.start({ address: "127.0.1.32", port, tls: wrong });
    await using stripped = await Sink.start({ address: "127.0.1.33", port });
    await using unbound = await Unbound.start({
      "dane.example": zone("127.0.1.31"),
      "evil.example": zone("127.0.1.32"),
      "stripped.example": zone("127.0.1.33"),
      "insecure.example": zone("127.0.1.33"),
      "forged.example": zone("127.0.1.33"),
    }, {
      "dane.example": {},
      "evil.example": {},
      "stripped.example": {},
      "forged.example": { forged: { "TLSA\t3 1 1": "TLSA\t3 1 0" } },
    });
    const dns = { servers: [unbound.address], validating: true };
    await using server = await Running.start(relaying(unbound, port, { dns }));
    const names = ["dane", "evil", "stripped", "insecure", "forged"];
    await send(server, [...names.map((name) => `ann@${name}.example`), "nobody@dane.example"]);
    await until("it has arrived", () => /Subject: hello/.test(other.directory.read("mail")));
    match(other.directory.read("mail"), /by mx\.dane\.example with ESMTPS/);
    const waiting = await until("the others wait", async () => {
      const all = await queued(server);
      return all.every(({ state, lastAttempt }) => state === "waiting" && lastAttempt) && all;
    });
    const reasons = waiting.map(({ recipient, lastAttempt }) =>
      `${recipient} ${lastAttempt?.reason}`
    );
    const [bad = "", fake = "", bare = "", ...more] = reasons.toSorted();
    deepEqual(more, [], server.log.join("\n"));
    ok(bad !== "", server.log.join("\n"));
    match(bad, /^ann@evil\.example mx\.evil\.example: .*TLSA/);
    match(fake, /^ann@forged\.example .*unknown/);
    match(bare, /^ann@stripped\.example mx\.stripped\.example offers no STARTTLS/);
    deepEqual([evil.taken, stripped.taken.map(({ rcpt }) => rcpt)], [
      [],
      [["RCPT TO:<ann@insecure.example>"]],
    ]);
    ok(!/MAIL/.test(evil.clear + evil.heard.map(({ encrypted }) => encrypted).join()));
    const bounce = await until("the sender knows of nobody", () => {
      const mail = server.directory.read("mail");
      return mail.includes("nobody@dane.example") && mail;
    });
    match(bounce, /Status: 5\.1\.1/);
  },
});

/** Hands in a message with REQUIRETLS, under TLS. */
const REQUIRE = `import smtplib, ssl, sys
client = smtplib.SMTP("127.0.0.1", int(sys.argv[1]))
client.ehlo("client.example.net")
client.starttls(context=ssl._create_unverified_context())
client.ehlo("client.example.net")
message = "Subject: hello\\r\\n\\r\\nhello\\r\\n"
client.sendmail("you@example.net", sys.argv[2:], message, mail_options=["REQUIRETLS"])
client.quit()
`;

Deno.test({
  name: "mail with REQUIRETLS goes only to servers that are sure and keep to it",
  ...need("nsd", "unbound", "ldns-signzone", "python3"),
  fn: async () => {
    const port = freePort();
    const tls = await issue({ name: "mx.example", domains: ["mx.example"] });
    const tlsa = `_${port}._tcp.mx TLSA 3 1 1 ${await sha256(tls.spki)}`;
    const zone = (address: string) => `@ MX 10 mx\nmx A ${address}\n${tlsa}`;
    const keeps = { tls, extensions: ["REQUIRETLS"] };
    await using good = await Sink.start({ ...keeps, address: "127.0.1.51", port });
    await using old = await Sink.start({ tls, address: "127.0.1.52", port });
    await using unsure = await Sink.start({ ...keeps, address: "127.0.1.53", port });
    await using unbound = await Unbound.start({
      "good.example": zone("127.0.1.51"),
      "old.example": zone("127.0.1.52"),
      "unsure.example": zone("127.0.1.53"),
    }, { "good.example": {}, "old.example": {} });
    const dns = { servers: [unbound.address], validating: true };
    await using server = await Running.start((directory) => ({
      ...relaying(unbound, port, { dns })(directory),
      tls: {
        certificate: directory.write("certificate.pem", tls.certificate),
        key: directory.write("key.pem", tls.key),
      },
    }));
    const to = ["good", "old", "unsure"].map((name) => `ann@${name}.example`);
    await runClient("python3", ["-c", REQUIRE, String(server.port), ...to]);
    await until("it has arrived", () => good.taken.length === 1);
    match(good.taken[0]!.mail, /^MAIL FROM:<you@example\.net>.* REQUIRETLS/);
    const bounce = await until(
      () => `the sender knows: ${server.log.join("\n")}`,
      () => {
        const mail = server.directory.read("mail");
        return /Final-Recipient: rfc822;ann@old\.example/.test(mail) && mail;
      },
    );
    match(bounce, /Status: 5\.7\.30/);
    await server.logs(/(deferred|failed).*recipient=<ann@unsure\.example>.*REQUIRETLS/);
    deepEqual([...old.taken, ...unsure.taken], []);
    const heard = [...old.heard, ...unsure.heard];
    ok(heard.every(({ clear, encrypted }) => !/MAIL |Subject/.test(clear + encrypted)));
  },
});
