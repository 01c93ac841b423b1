import { equal } from "node:assert/strict";
import { connectionsOf, parseConfig } from "../../src/config/mod.ts";

Deno.test("each milter is a connection more of a session", () => {
  const { handlers } = parseConfig(
    `hostname: mx.example.net
users: [joe]
postmaster: joe
handlers:
  - milter: { address: "unix:/run/one.sock" }
  - dkim
  - milter: { address: "127.0.0.1:8891" }
`,
    "postmaster.yaml",
  );
  equal(connectionsOf(handlers), 2);
});
