/**
 * Logins with tokens, and a web server that issues, rotates and refuses them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { OauthLogin, type OauthOptions } from "../../src/client/oauth/oauth_login.ts";
import type { Log } from "../../src/log/event.ts";
import { serveLogins } from "../auth/logins.ts";
import { Directory } from "../running.ts";
import { hopOf, logIn } from "./opened.ts";

/** A web server that answers questions for tokens. */
class Issuer implements AsyncDisposable {
  /** What was asked. */
  readonly asked: Record<string, string>[] = [];
  /** What it answers to the question with this number, from 1. */
  answer: (number: number) => object | Response = (n) => ({ ...TOKEN, access_token: `token-${n}` });
  readonly #web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const form = new URLSearchParams(await request.text());
      const answer = this.answer(this.asked.push(Object.fromEntries(form)));
      return answer instanceof Response ? answer : Response.json(answer);
    },
  );

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.#web.addr as Deno.NetAddr).port}/token?a=b`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#web.shutdown();
  }
}

const TOKEN = { token_type: "Bearer", expires_in: 3600 };
const refusal = (error: string, status = 400) =>
  Response.json({ error, error_description: `it is ${error}` }, { status });

/** What was logged, an event a line. */
function logInto(lines: string[]): Log {
  const log = (event: string, fields: object) =>
    void lines.push(`${event} ${JSON.stringify(fields)}`);
  return Object.assign(log, { wants: () => true }) as Log;
}

/** A login that is started, with what it logs. */
function started(
  directory: Directory,
  { url: tokenUrl }: Issuer,
  more: Partial<OauthOptions> = {},
): Disposable & { login: OauthLogin; log: string[] } {
  const log: string[] = [];
  const login = new OauthLogin({
    ...{ user: "joe@example.net", tokenUrl, clientId: "mail", clientSecret: () => "s3cret" },
    ...{ refreshToken: () => "first", ...more },
  });
  const end = login.start(directory.path, logInto(log));
  return { login, log, [Symbol.dispose]: () => end[Symbol.dispose]() };
}

const tokenOf = async (login: OauthLogin): Promise<string> =>
  (await login.credentials() as { token: string }).token;

const stateIn = (directory: Directory): { path: string; text: string } => {
  const all = [...Deno.readDirSync(directory.of("oauth"))].map(({ name }) => name);
  const path = directory.of(`oauth/${all.find((name) => name.endsWith(".json"))}`);
  return { path, text: Deno.readTextFileSync(path) };
};

Deno.test("a token is fetched once for all who want it, and kept for the next start", async () => {
  using directory = new Directory();
  await using issuer = new Issuer();
  {
    using one = started(directory, issuer);
    const all = await Promise.all([1, 2, 3].map(() => tokenOf(one.login)));
    assert.deepEqual(all, ["token-1", "token-1", "token-1"]);
    assert.deepEqual(issuer.asked, [{
      ...{ grant_type: "refresh_token", refresh_token: "first" },
      ...{ client_id: "mail", client_secret: "s3cret" },
    }]);
  }
  using two = started(directory, issuer);
  using three = started(directory, issuer);
  assert.equal(await tokenOf(two.login), "token-1");
  assert.equal(await tokenOf(three.login), "token-1");
  assert.equal(issuer.asked.length, 1);
  const { path } = stateIn(directory);
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
});

Deno.test("a rotated refresh token takes the place of the last one, until the operator has another", async () => {
  using directory = new Directory();
  await using issuer = new Issuer();
  issuer.answer = (n) => ({
    ...{ ...TOKEN, expires_in: 0, access_token: `token-${n}`, refresh_token: `rotated-${n}` },
    id_token: "not.for.us",
  });
  let own = "first";
  using one = started(directory, issuer, { refreshToken: () => own });
  await tokenOf(one.login);
  await tokenOf(one.login);
  using two = started(directory, issuer, { refreshToken: () => own });
  await tokenOf(two.login);
  own = "another";
  await tokenOf(two.login);
  const used = issuer.asked.map(({ refresh_token }) => refresh_token);
  assert.deepEqual(used, ["first", "rotated-1", "rotated-2", "another"]);
});

Deno.test("a token that a server refuses is not used again", async () => {
  using directory = new Directory();
  await using issuer = new Issuer();
  using one = started(directory, issuer);
  assert.equal(await tokenOf(one.login), "token-1");
  one.login.refused();
  assert.equal(await tokenOf(one.login), "token-2");
});

Deno.test("a client asks for itself, with a scope", async () => {
  using directory = new Directory();
  await using issuer = new Issuer();
  using one = started(directory, issuer, { refreshToken: undefined, scope: "send" });
  assert.equal(await tokenOf(one.login), "token-1");
  assert.deepEqual(issuer.asked, [{
    ...{ grant_type: "client_credentials", scope: "send" },
    ...{ client_id: "mail", client_secret: "s3cret" },
  }]);
});

Deno.test("the end of a grant is told, with how to mend it, and a new refresh token is tried at once", async () => {
  using directory = new Directory();
  await using issuer = new Issuer();
  const fine = issuer.answer;
  issuer.answer = () => refusal("invalid_grant");
  let own = "first";
  using one = started(directory, issuer, { refreshToken: () => own });
  const expected = {
    message: `no token from ${issuer.url.origin}: it says invalid_grant: it is invalid_grant`,
  };
  await assert.rejects(one.login.credentials(), expected);
  await assert.rejects(one.login.credentials(), expected);
  assert.equal(issuer.asked.length, 1);
  assert.equal(one.log.length, 1);
  assert.match(one.log[0]!, /^grant refused .*get a new refresh token.*refresh-token-file/);
  issuer.answer = fine;
  own = "second";
  assert.equal(await tokenOf(one.login), "token-2");
});

Deno.test("trouble of the web server passes, and a token that is still good is used meanwhile", async () => {
  using directory = new Directory();
  await using issuer = new Issuer();
  issuer.answer = (n) =>
    n === 1 ? { ...TOKEN, access_token: "old" } : new Response("<h1>Sorry", { status: 503 });
  {
    using one = started(directory, issuer);
    await tokenOf(one.login);
  }
  const { path, text } = stateIn(directory);
  const kept = JSON.parse(text);
  const now = Date.now();
  Deno.writeTextFileSync(
    path,
    JSON.stringify({ ...kept, issued: now - 3_500_000, expires: now + 100_000 }),
  );
  using two = started(directory, issuer);
  assert.equal(await tokenOf(two.login), "old");
  assert.match(two.log.join("\n"), /^token not fetched .*answers 503.*"next":/);
  two.login.refused();
  await assert.rejects(two.login.credentials(), /answers 503/);
});

Deno.test("the operator is warned days before a refresh token ends that is not prolonged", async () => {
  using directory = new Directory();
  await using issuer = new Issuer();
  issuer.answer = (n) => ({
    ...{ ...TOKEN, expires_in: 0, access_token: `token-${n}`, refresh_token_expires_in: 500_000 },
  });
  using one = started(directory, issuer);
  await tokenOf(one.login);
  await tokenOf(one.login);
  await tokenOf(one.login);
  assert.equal(one.log.length, 1);
  assert.match(one.log[0]!, /^grant ends .*"until":"\d{4}-/);
  using other = new Directory();
  issuer.answer = (n) => ({
    ...{ ...TOKEN, expires_in: 0, access_token: `token-${n}`, refresh_expires_in: n * 1000 },
  });
  using two = started(other, issuer, { user: "ann@example.net" });
  await tokenOf(two.login);
  await tokenOf(two.login);
  assert.equal(two.log.length, 0);
});

Deno.test("no log line and no error has a secret", async () => {
  using directory = new Directory();
  await using issuer = new Issuer();
  const answers = [
    refusal("invalid_client", 401),
    Response.json({ access_token: "leaked", token_type: 5 }),
    Response.json({ access_token: "leaked", token_type: "mac" }),
    Response.json({ token_type: "bearer", refresh_token: "leaked" }),
    new Response("leaked", { status: 302, headers: { location: "http://127.0.0.1:1/" } }),
  ];
  for (const answer of answers) {
    issuer.answer = () => answer.clone();
    using one = started(directory, issuer);
    const error = await one.login.credentials().then(() => "none", (error) => String(error));
    const all = [error, ...one.log].join("\n");
    assert.ok(one.log.length === 1 && error !== "none", all);
    assert.ok(!/leaked|s3cret|first|a=b/.test(all), all);
  }
});

Deno.test("a refresh token that cannot be written is used all the same, and the log says so", async () => {
  using directory = new Directory();
  await using issuer = new Issuer();
  issuer.answer = (n) => ({
    ...{ ...TOKEN, expires_in: 0, access_token: `token-${n}`, refresh_token: `rotated-${n}` },
  });
  directory.write("oauth", "a file where the directory would be");
  using one = started(directory, issuer);
  await tokenOf(one.login);
  await tokenOf(one.login);
  assert.equal(issuer.asked[1]!["refresh_token"], "rotated-1");
  assert.match(one.log[0]!, /^token not kept .*cannot write .*oauth/);
});

Deno.test("this server lets a user in by a token that was fetched, and asks for another one when not", async () => {
  await using issuer = new Issuer();
  await using judge = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const isGood = new URLSearchParams(await request.text()).get("token") === "token-2";
      const claims = { iss: "https://login.example.net", aud: "smtp", email: "joe@example.net" };
      return Response.json({ active: isGood, ...claims });
    },
  );
  const introspection = `http://127.0.0.1:${(judge.addr as Deno.NetAddr).port}/introspect`;
  for (const mechanism of ["OAUTHBEARER", "XOAUTH2"]) {
    await using server = await serveLogins(() => ({
      mechanisms: [mechanism],
      oauth: { issuer: "https://login.example.net", audience: "smtp", introspection },
    }));
    issuer.asked.length = 0;
    using own = new Directory();
    using one = started(own, issuer);
    const hop = hopOf(server.port);
    const refused = await logIn(hop, one.login);
    assert.match(refused, new RegExp(`^LoginRefused: .* by ${mechanism}: 535`));
    one.login.refused();
    assert.equal(await logIn(hop, one.login), "in");
    assert.ok(!server.log.join("\n").includes("token-"));
  }
});
