/**
 * Passwords that a web server checks.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Directory } from "../running.ts";
import { selfSigned } from "../../src/tls/self_signed.ts";
import { base64, logIn, serveLogins } from "./logins.ts";

const QUIET = { hostname: "localhost", port: 0, onListen: () => {} };
const PASSWORD = 'correct "horse ü';

/** What the web server says to a user. */
const ANSWERS: Readonly<Record<string, () => Response>> = {
  joe: () => Response.json({}),
  Ann: () => Response.json({ user: "ann", more: true }),
  eve: () => new Response("no", { status: 403 }),
  login: () => new Response("<html>please log in</html>"),
  empty: () => new Response(null),
  list: () => Response.json([]),
  number: () => Response.json({ user: 1 }),
  nobody: () => Response.json({ user: "" }),
  broken: () => new Response("oh", { status: 500 }),
  moved: () => new Response(null, { status: 307, headers: { location: "/?user=joe" } }),
  endless: () =>
    new Response(new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(65_536)) })),
};

Deno.test(
  "a web server says who may come in; what is no clear yes or no is neither",
  async () => {
    using directory = new Directory();
    const { certificate, key } = await selfSigned(["localhost"], 1);
    const asked: unknown[] = [];
    await using web = Deno.serve({ ...QUIET, cert: certificate, key }, async (request) => {
      if (request.headers.get("authorization") !== "Bearer t0ken") {
        return new Response(null, { status: 500 });
      }
      const body = await request.json();
      asked.push({ ...body, path: new URL(request.url).pathname });
      return body.password === PASSWORD && request.method === "POST"
        ? ANSWERS[body.user]!()
        : new Response(null, { status: 401 });
    });
    const http = {
      url: `https://localhost:${web.addr.port}/check?key=k3y`,
      "token-file": directory.write("token", "t0ken\n"),
    };
    await using server = await serveLogins(() => ({
      passwords: { http: { ...http, ca: directory.write("ca.pem", certificate) } },
    }));
    assert.equal(await logIn(server, "joe", PASSWORD), 235);
    const told = { user: "joe", password: PASSWORD, address: "127.0.0.1", listener: "submission" };
    assert.deepEqual(asked, [{ ...told, path: "/check" }]);
    assert.equal(await logIn(server, "Ann", PASSWORD, "LOGIN"), 235);
    await server.logs(/authenticated .*user=ann /);
    assert.equal(await logIn(server, "joe", "x"), 535);
    assert.equal(await logIn(server, "eve", PASSWORD), 535);
    const before = asked.length;
    assert.equal(await logIn(server, "joe\0", PASSWORD, "LOGIN"), 535);
    assert.equal(asked.length, before);
    for (const user of Object.keys(ANSWERS).slice(3)) {
      assert.equal(await logIn(server, user, PASSWORD), 454, user);
    }
    await server.logs(
      /authentication failed .*the HTTP check at https:\/\/localhost:\d+: it answe/,
    );
    directory.write("token", "other"); // and it is read again
    assert.equal(await logIn(server, "joe", PASSWORD), 454);
    await using distrusting = await serveLogins(() => ({ passwords: { http } }));
    assert.equal(await logIn(distrusting, "joe", PASSWORD), 454);
    await distrusting.logs(/authentication failed .*https:\/\/localhost:\d+: .*certificate/);
    await web.shutdown();
    assert.equal(await logIn(server, "joe", PASSWORD), 454);
    const log = [...server.log, ...distrusting.log].join("\n");
    for (const secret of [PASSWORD, base64(`\0joe\0${PASSWORD}`), "t0ken", "k3y"]) {
      assert.ok(!log.includes(secret), secret);
    }
  },
);
