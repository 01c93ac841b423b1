/**
 * OAUTHBEARER and XOAUTH2, with a web server that has the issuer's keys, or knows its tokens.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { Directory, Running } from "../running.ts";
import { runClient } from "../clients.ts";
import { need } from "../need.ts";
import { base64, serveLogins } from "./logins.ts";

const QUIET = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
const RULES = { issuer: "https://login.example.net", audience: "smtp.example.net", scope: "smtp" };
const CLAIMS = {
  iss: RULES.issuer,
  aud: RULES.audience,
  email: "joe@example.net",
  scope: "smtp x",
};
const MECHANISMS = { mechanisms: ["OAUTHBEARER", "XOAUTH2"] };

const NOW = Math.floor(Date.now() / 1000);

/** An issuer with keys, and a server that trusts it. */
async function issue(): Promise<
  & AsyncDisposable
  & {
    server: Running;
    web: Deno.HttpServer;
    asked: () => number;
    sign: (claims: JWTPayload, header?: object, key?: CryptoKey | Uint8Array) => Promise<string>;
    spki: string;
  }
> {
  const [rsa, ec] = await Promise.all([
    generateKeyPair("RS256", { extractable: true }),
    generateKeyPair("ES256", { extractable: true }),
  ]);
  const keys = [
    { ...await exportJWK(rsa.publicKey), kid: "rsa", alg: "RS256", use: "sig" },
    { ...await exportJWK(ec.publicKey), kid: "ec" },
  ];
  let asked = 0;
  const web = Deno.serve(QUIET, () => {
    asked++;
    return Response.json({ keys });
  });
  const jwks = `http://127.0.0.1:${(web.addr as Deno.NetAddr).port}/keys`;
  const server = await serveLogins(() => ({ ...MECHANISMS, oauth: { ...RULES, jwks } }));
  return {
    server,
    web,
    asked: () => asked,
    spki: await exportSPKI(rsa.publicKey),
    sign: (claims, header = {}, key) => {
      const whole = { alg: "RS256", kid: "rsa", ...header };
      const own = whole.alg === "ES256" ? ec.privateKey : rsa.privateKey;
      return new SignJWT({ exp: NOW + 600, ...claims }).setProtectedHeader(whole).sign(key ?? own);
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await web.shutdown();
    },
  };
}

const oauthBearer = (token: string, user = "") =>
  `n,${user && `a=${user}`},\x01host=mx.example.net\x01auth=Bearer ${token}\x01\x01`;
const xoauth2 = (token: string, user: string) => `user=${user}\x01auth=Bearer ${token}\x01\x01`;

/** The code of the reply to AUTH, and the challenge before it. */
async function logIn(
  server: Running,
  said: string,
): Promise<{ code: number; challenge?: unknown }> {
  using client = await server.connect();
  await client.command("EHLO client.example.org");
  const mechanism = said.startsWith("user=") ? "XOAUTH2" : "OAUTHBEARER";
  const reply = await client.command(`AUTH ${mechanism} ${base64(said)}`);
  if (reply.code !== 334) return { code: reply.code };
  const challenge = JSON.parse(Buffer.from(reply.lines[0]!, "base64").toString());
  const answer = mechanism === "XOAUTH2" ? "" : base64("\x01");
  return { code: (await client.command(answer)).code, challenge };
}

const REFUSED = { code: 535, challenge: { status: "invalid_token", scope: "smtp" } };

Deno.test("a token that the issuer has signed for this server lets its user in", async () => {
  await using issuer = await issue();
  const { server, sign } = issuer;
  const token = await sign(CLAIMS);
  const user = "joe@example.net";
  const right = [oauthBearer(token), oauthBearer(token, user), xoauth2(token, user)];
  right.push(oauthBearer(await sign(CLAIMS, { alg: "ES256", kid: "ec" })));
  right.push(
    oauthBearer(await sign({ ...CLAIMS, exp: NOW - 30 })),
    "y,,\x01auth=bearer "
      .concat(
        await sign({ ...CLAIMS, aud: ["x", RULES.audience], email_verified: true }),
        "\x01\x01",
      ),
  );
  for (const said of right) assert.deepEqual(await logIn(server, said), { code: 235 }, said);
  await server.logs(/authenticated .*user=joe@example\.net mechanism=XOAUTH2/);
  assert.equal(issuer.asked(), 1);
  assert.deepEqual(await logIn(server, oauthBearer(token, "ann@example.net")), REFUSED);
  const google = { status: "401", schemes: "bearer", scope: "smtp" };
  assert.deepEqual(await logIn(server, xoauth2(token, "ann@example.net")), {
    code: 535,
    challenge: google,
  });
  for (const secret of [token, base64(oauthBearer(token)).slice(0, 200)]) {
    assert.ok(!server.log.join("\n").includes(secret));
  }
});

Deno.test("no other token lets anybody in", async () => {
  await using issuer = await issue();
  const { server, sign, spki } = issuer;
  const stranger = (await generateKeyPair("RS256")).privateKey;
  const unsigned = ["none", "None", "nOnE"].map((alg) =>
    [{ alg, kid: "rsa" }, { ...CLAIMS, exp: NOW + 600 }].map((part) =>
      Buffer.from(JSON.stringify(part)).toString("base64url")
    ).join(".") + "."
  );
  const bad: Record<string, string> = {
    "expired": await sign({ ...CLAIMS, exp: NOW - 120 }),
    "without an end": await sign({ ...CLAIMS, exp: undefined! }),
    "not good yet": await sign({ ...CLAIMS, nbf: NOW + 300 }),
    "of another issuer": await sign({ ...CLAIMS, iss: `${RULES.issuer}/` }),
    "of no issuer": await sign({ ...CLAIMS, iss: undefined! }),
    "for another audience": await sign({ ...CLAIMS, aud: "web.example.net" }),
    "for no audience": await sign({ ...CLAIMS, aud: undefined! }),
    "without the scope": await sign({ ...CLAIMS, scope: "smtps x" }),
    "without a user": await sign({ ...CLAIMS, email: undefined }),
    "of an unverified user": await sign({ ...CLAIMS, email_verified: false }),
    "of a stranger": await sign(CLAIMS, {}, stranger),
    "with an unknown key": await sign(CLAIMS, { kid: "other" }, stranger),
    "with the key of another algorithm": await sign(CLAIMS, { kid: "ec" }),
    "by HMAC of the public key": await sign(
      CLAIMS,
      { alg: "HS256" },
      new TextEncoder().encode(spki),
    ),
    "with a key of its own": await sign(CLAIMS, { jwk: { kty: "oct", k: "AAAA" }, kid: "x" }),
    "with critical fields": (await sign(CLAIMS)).replace(
      /^[^.]+/,
      Buffer.from('{"alg":"RS256","kid":"rsa","crit":["x"],"x":1}').toString("base64url"),
    ),
    "that is none": "x",
    "that is empty": "a.b.c",
    ...Object.fromEntries(unsigned.map((token, i) => [`unsigned ${i}`, token])),
  };
  for (const [kind, token] of Object.entries(bad)) {
    assert.deepEqual(await logIn(server, oauthBearer(token)), REFUSED, kind);
  }
  await server.logs(/rejected .*mechanism=OAUTHBEARER .*cause="the token has no scope smtp"/);
  assert.deepEqual(await logIn(server, "n,,\x01auth=\x01\x01"), REFUSED);
  const log = server.log.join("\n");
  for (const token of Object.values(bad).slice(0, -5)) assert.ok(!log.includes(token), token);
  // The keys were asked for once more at most, for all the tokens with unknown keys.
  assert.ok(issuer.asked() <= 2, `${issuer.asked()}`);
  const good = await sign(CLAIMS);
  const malformed = [
    `n,,\x01auth=Bearer ${good}\x01`,
    `n,,auth=Bearer ${good}\x01\x01`,
    `p=x,,\x01auth=Bearer ${good}\x01\x01`,
    `n,a=,\x01auth=Bearer ${good}\x01\x01`,
    `n,,\x01auth=Basic ${good}\x01\x01`,
    `n,,\x01host=x\x01\x01`,
    `user=\x01auth=Bearer ${good}\x01\x01`,
    `user=joe@example.net\x01auth=Bearer ${good}\x01`,
  ];
  for (const said of malformed) assert.equal((await logIn(server, said)).code, 501, said);
});

Deno.test("without the issuer's keys nobody can tell", async () => {
  await using issuer = await issue();
  const { server, sign, web } = issuer;
  await web.shutdown();
  const said = oauthBearer(await sign(CLAIMS));
  assert.deepEqual(await logIn(server, said), { code: 454 });
  await server.logs(/authentication failed .*the keys at http:\/\/127\.0\.0\.1:\d+: /);
});

Deno.test("an issuer is asked about a token that only it understands", async () => {
  const claims = { active: true, aud: RULES.audience, scope: "smtp", username: "joe" };
  const known: Record<string, unknown> = {
    good: claims,
    full: { ...claims, iss: RULES.issuer, exp: NOW + 60, nbf: NOW - 60 },
    inactive: { ...claims, active: false },
    odd: { ...claims, active: "true" },
    elsewhere: { ...claims, aud: "web.example.net" },
    nowhere: { ...claims, aud: undefined },
    foreign: { ...claims, iss: "https://other.example.net" },
    expired: { ...claims, exp: NOW - 120 },
    early: { ...claims, nbf: NOW + 120 },
    poor: { ...claims, scope: "" },
    nobody: { ...claims, username: undefined },
  };
  await using web = Deno.serve(QUIET, async (request) => {
    if (request.headers.get("authorization") !== `Basic ${base64("post%20master:s3cret")}`) {
      return new Response(null, { status: 401 });
    }
    const token = (await request.formData()).get("token");
    return Response.json(known[String(token)] ?? { active: false });
  });
  using directory = new Directory();
  const oauth = {
    ...RULES,
    "user-claim": "username",
    introspection: `http://127.0.0.1:${web.addr.port}/introspect`,
    "client-id": "post master",
    "client-secret-file": directory.write("secret", "s3cret\n"),
  };
  await using server = await serveLogins(() => ({ ...MECHANISMS, oauth }));
  for (const token of ["good", "full"]) {
    assert.deepEqual(await logIn(server, oauthBearer(token)), { code: 235 }, token);
  }
  for (const token of [...Object.keys(known).slice(2), "unknown"]) {
    assert.deepEqual(await logIn(server, oauthBearer(token)), REFUSED, token);
  }
  directory.write("secret", "0ther");
  assert.deepEqual(await logIn(server, oauthBearer("good")), { code: 454 });
  await server.logs(/authentication failed .*the introspection at http:.*: it answers 401/);
  assert.ok(!/s3cret|0ther/.test(server.log.join("\n")));
});

Deno.test("msmtp sends mail with a token", need("msmtp"), async () => {
  await using issuer = await issue();
  const { server, sign } = issuer;
  const token = await sign(CLAIMS);
  for (const auth of ["oauthbearer", "xoauth2"]) {
    const said = await runClient(
      "msmtp",
      [
        ...["--host=127.0.0.1", `--port=${server.port}`, `--auth=${auth}`],
        ...["--user=joe@example.net", `--passwordeval=echo ${token}`, "--tls=off"],
        ...["--from=joe@example.net", "--debug", "you@example.net"],
      ],
      "Subject: hello\r\n\r\nhello\r\n",
    );
    assert.match(said, /235 2\.7\.0 [^]*250 2\.0\.0 /);
  }
});
