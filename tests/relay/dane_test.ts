/**
 * Mail to servers whose certificates the DNS names, from outside.
 */
import { deepEqual, match, ok } from "node:assert/strict";
import { need } from "../need.ts";
import { freePort } from "../nsd.ts";
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
    const port = await freePort();
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
