/** Requests by HTTPS, and the authorities that are trusted for them. */
import assert from "node:assert/strict";
import { Directory, runApart } from "../running.ts";
import { issue } from "../tls/authority.ts";

Deno.test("authorities of the configuration are trusted beside those of the runtime, not instead of them", async () => {
  using directory = new Directory();
  const [known, own] = await Promise.all([
    issue({ name: "Known CA", below: 0 }),
    issue({ name: "Own CA", below: 0 }),
  ]);
  const server = await issue({ name: "web", domains: ["web.example.net"], by: known });
  const store = directory.write("known.pem", known.certificate);
  const said = await runApart(
    `export DENO_TLS_CA_STORE=system,mozilla SSL_CERT_FILE=${store}`,
    `import { https } from "./src/security/https.ts";
     import { HttpsServer, answering } from "./tests/security/https_server.ts";
     const web = await HttpsServer.start(${JSON.stringify(server)}, answering("hello"));
     const dns = { resolve4: async () => ["127.0.0.1"], resolve6: async () => [] };
     const options = { dns, isAllowed: () => true, port: web.port };
     const url = new URL("https://web.example.net/");
     for (const ca of [undefined, ${JSON.stringify(own.certificate)}]) {
       const { status } = await https({ url, method: "GET", limit: 100 }, { ...options, ca });
       console.log(status);
     }
     Deno.exit(0);`,
  );
  assert.equal(said, "200\n200\n");
});
