/**
 * Programs that take questions and never answer.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Directory, Running } from "../running.ts";
import { base64, logIn, serveLogins } from "./logins.ts";

/** Accepts connections, and waits until the other end gives up. */
function silent(options: Deno.ListenOptions | Deno.UnixListenOptions): {
  listener: Deno.Listener;
  left: Promise<void>;
} {
  const listener = Deno.listen(options as Deno.ListenOptions);
  const left = Promise.withResolvers<void>();
  (async () => {
    for await (const connection of listener) {
      connection.readable.pipeTo(new WritableStream()).catch(() => {}).finally(left.resolve);
    }
  })();
  return { listener, left: left.promise };
}

const TOKEN = [{ alg: "RS256", kid: "x" }, {}, {}]
  .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");

async function sendToken(server: Running): Promise<number> {
  using client = await server.connect();
  await client.command("EHLO client.example.org");
  const said = base64(`n,,\x01auth=Bearer ${TOKEN}\x01\x01`);
  return (await client.command(`AUTH OAUTHBEARER ${said}`)).code;
}

Deno.test("whoever does not answer in 8 s is left, and nobody can tell", async () => {
  using directory = new Directory();
  const web = silent({ hostname: "127.0.0.1", port: 0 });
  const sockets = ["dovecot", "saslauthd"].map((name) =>
    silent({ transport: "unix", path: directory.of(name) } as Deno.UnixListenOptions)
  );
  const url = `http://127.0.0.1:${(web.listener.addr as Deno.NetAddr).port}/`;
  const oauth = { issuer: "https://login.example.net", audience: "smtp.example.net" };
  const bearer = { mechanisms: ["OAUTHBEARER"] };
  const settings = [
    { passwords: { dovecot: directory.of("dovecot") } },
    { passwords: { saslauthd: directory.of("saslauthd") } },
    { passwords: { http: { url } } },
    { ...bearer, oauth: { ...oauth, jwks: url } },
    { ...bearer, oauth: { ...oauth, introspection: url } },
  ];
  await Promise.all(settings.map(async (auth) => {
    await using server = await serveLogins(() => auth);
    assert.equal(await ("oauth" in auth ? sendToken(server) : logIn(server, "joe", "x")), 454);
    await server.logs(/authentication failed .*(no answer in 8 s|timed out)/);
  }));
  for (const { listener, left } of [web, ...sockets]) {
    await left;
    listener.close();
  }
});
