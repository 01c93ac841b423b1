/**
 * Logins on the way of mail: what becomes of it when a server does not let this one in.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dialler } from "../../src/client/dial.ts";
import { LoginRefused } from "../../src/client/fault.ts";
import type { Login } from "../../src/client/login.ts";
import { Pool } from "../../src/client/pool.ts";
import { TIMEOUTS } from "../../src/client/timeouts.ts";
import type { Log } from "../../src/log/event.ts";
import { Connector } from "../../src/relay/connect.ts";
import { Limiter } from "../../src/relay/limiter.ts";
import { FakeDns } from "../../src/testing/fake_dns.ts";
import { Running } from "../running.ts";
import { Directory } from "../running.ts";
import { Scripted } from "../client/opened.ts";

Deno.test("a server that refuses a login is told of in the log, and the login gets other credentials", async () => {
  await using server = await new Scripted(
    "AUTH PLAIN",
    (line) => line.endsWith(btoa("\0joe\0second")) ? "235 welcome" : "535 5.7.8 no",
  ).start();
  let password = "first";
  const login: Login = {
    user: "joe",
    credentials: () => Promise.resolve({ password }),
    refused: () => void (password = "second"),
  };
  const lines: string[] = [];
  const pool = new Pool();
  const connector = new Connector({
    ...{ pool, name: "mx.example.org", timeouts: TIMEOUTS },
    dial: dialler({ dns: new FakeDns({}), isOwn: () => false, timeout: 2000 }),
    secure: () => Promise.reject(new Error("no TLS here")),
    log: Object.assign(
      (event: string, fields: object) => void lines.push(`${event} ${JSON.stringify(fields)}`),
      { wants: () => true },
    ) as Log,
  });
  const hop = {
    scheme: "smtp",
    host: "127.0.0.1",
    port: server.port,
    isNamed: true,
    login,
  } as const;
  const policy = { type: "no-policy-found", strings: [], domain: "", mxHosts: [] } as const;
  const allowed = { requirement: { level: "none" }, policy } as const;
  const group = new Limiter("all", { concurrency: 1 });
  const take = () => connector.take(hop, allowed, group, new AbortController().signal);
  await assert.rejects(take(), LoginRefused);
  assert.match(
    lines.join("\n"),
    /^login refused .*"server":"127\.0\.0\.1","user":"joe".*535 5\.7\.8/,
  );
  assert.ok(!lines.join("\n").includes(btoa("\0joe\0first")));
  const session = await take();
  await session.quit();
  await pool.close();
});

Deno.test("a running server fetches tokens at its start, and tells of a grant that is refused", async () => {
  let asked = "";
  await using web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      asked = await request.text();
      return Response.json({ error: "invalid_grant", error_description: "it was withdrawn" }, {
        status: 400,
      });
    },
  );
  using directory = new Directory();
  directory.write("refresh.token", "r3fresh\n");
  Deno.chmodSync(directory.of("refresh.token"), 0o600);
  await using server = await Running.start(() => ({
    relay: {
      via: {
        url: "smtp://127.0.0.1:9",
        user: "joe@example.net",
        oauth: {
          "token-url": `http://127.0.0.1:${(web.addr as Deno.NetAddr).port}/token`,
          "client-id": "mail",
          "refresh-token-file": directory.of("refresh.token"),
        },
      },
    },
  }));
  await server.logs(/grant refused .*user=joe@example\.net.*it was withdrawn.*refresh-token-file/);
  assert.ok(asked.includes("refresh_token=r3fresh"), asked);
  assert.ok(!server.log.join("\n").includes("r3fresh"));
});
