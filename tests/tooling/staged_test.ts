/**
 * What was laid out to be compiled, run as sources: a compiled program encrypts only if its runtime can.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ENTRY, layOut } from "../../src/tooling/stage.ts";
import { runClient } from "../clients.ts";
import { need } from "../need.ts";
import { feed, Running } from "../running.ts";
import { selfSigned } from "../tls/openssl.ts";

Deno.test(
  "what is compiled has all that TLS, passwords and users need",
  need("openssl", "swaks"),
  async () => {
    const staged = Deno.makeTempDirSync({ prefix: "postmaster-test-" });
    try {
      await layOut(staged, []);
      const program = [Deno.execPath(), "run", "--allow-all", "--no-check", join(staged, ENTRY)];
      let file = "";
      await using server = await Running.start((directory) => {
        file = directory.write("passwords", "");
        return {
          listen: { address: "127.0.0.1:0", kind: "submissions" },
          tls: { ...selfSigned(directory, ["mx.example.net"]) },
          auth: { passwords: { file } },
        };
      }, { program });
      const added = await feed("correct horse\n", "user", "add", "--file", file, "joe");
      assert.equal(added.code, 0, added.stderr);
      const said = await runClient("swaks", [
        ...["--server", server.addresses[0]!, "--tls-on-connect", "--auth", "PLAIN"],
        ...["--auth-user", "joe", "--auth-password", "correct horse"],
        ...["--from", "joe@example.net", "--to", "you@example.net"],
      ]);
      assert.match(said, /235 2\.7\.0 [^]*250 2\.0\.0 ok: delivered/);
      assert.match(server.directory.read("mail"), /with ESMTPSA id/);
    } finally {
      Deno.removeSync(staged, { recursive: true });
    }
  },
);
