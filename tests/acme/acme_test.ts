/**
 * Certificates by ACME, with the program from outside and pebble(1) as the authority.
 *
 * @module
 */
import assert from "node:assert/strict";
import { need, needRoot } from "../need.ts";
import { Directory, postmaster, run, Running, type Settings, until } from "../running.ts";
import { selfSigned } from "../../src/tls/self_signed.ts";
import { freePort, lowPort } from "../ports.ts";
import { Pebble } from "./pebble.ts";

const NEEDS = need("pebble", "pebble-challtestsrv", "openssl", "curl");
const DAY = 86_400_000;

/** The settings for HTTP-01. */
const overHttp = (pebble: Pebble): Settings => ({
  ...pebble.settings,
  listen: `127.0.0.1:${pebble.httpPort}`,
});

/** The directory in which a server keeps what is the authority's. */
function kept(state: string): string {
  const [entry] = Deno.readDirSync(`${state}/acme`);
  return `${state}/acme/${entry!.name}`;
}

/** What openssl(1) sees of a server's certificate: its issuer and its domains. */
async function seen(server: Running): Promise<string> {
  const client = ["s_client", "-starttls", "smtp", "-connect", `127.0.0.1:${server.port}`];
  const { stdout } = await run("openssl", client, "QUIT\r\n");
  const { stdout: text } = await run(
    "openssl",
    ["x509", "-noout", "-issuer", "-ext", "subjectAltName"],
    stdout,
  );
  return text;
}

async function ehlo(server: Running): Promise<string> {
  using client = await server.connect();
  const { lines } = await client.command("EHLO a.example");
  return lines.join("\n");
}

Deno.test(
  "HTTP-01: STARTTLS is offered once the certificate is there, and a restart orders no other",
  NEEDS,
  async () => {
    await using pebble = await Pebble.start();
    using state = new Directory();
    const settings = () => ({
      "state-directory": state.path,
      tls: { acme: { ...overHttp(pebble), domains: ["mx.example.net", "mail.example.net"] } },
    });
    {
      await using server = await Running.start(settings);
      await server.logs(/certificate ordered domains=mx\.example\.net,mail\.example\.net/);
      await until(
        () => server.log.join("\n"),
        async () => (await ehlo(server)).includes("STARTTLS"),
      );
      await server.logs(/account made .* terms=/);
      await server.logs(/certificates read again/);
      assert.match(
        await seen(server),
        /Pebble Intermediate CA[^]*DNS:mx\.example\.net, DNS:mail\.example\.net/,
      );
      const page = `http://127.0.0.1:${pebble.httpPort}/.well-known/acme-challenge/x`;
      assert.equal(
        (await run("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", page])).stdout,
        "404",
      );
      await server.stop();
    }
    for (const name of ["account.pem", "certificate.pem", "attempts.json"]) {
      assert.equal(Deno.statSync(`${kept(state.path)}/${name}`).mode! & 0o777, 0o600, name);
    }
    assert.equal(Deno.statSync(`${state.path}/acme`).mode! & 0o777, 0o700);
    await using again = await Running.start(settings);
    assert.match(await seen(again), /Pebble Intermediate CA/);
    await again.stop();
    assert.deepEqual(
      again.log.filter((line) => /certificate (not|ordered)/.test(line)),
      [],
    );
    assert.equal(pebble.orders, 1);
  },
);

Deno.test(
  "a certificate with a third of its life left is renewed, and sessions see the new one",
  NEEDS,
  async () => {
    await using pebble = await Pebble.start();
    using state = new Directory();
    const settings = () => ({
      "state-directory": state.path,
      tls: { acme: overHttp(pebble) },
    });
    const old = await selfSigned(["mx.example.net"], 90, Date.now() - 61 * DAY);
    const directory = `${state.path}/acme/${
      String(pebble.settings.directory).replace("https://", "").replace(/[:/]/g, "_")
    }`;
    Deno.mkdirSync(directory, { recursive: true });
    Deno.writeTextFileSync(`${directory}/certificate.pem`, old.certificate + old.key);
    await using server = await Running.start(settings);
    await until(() => server.log.join("\n"), async () => /Pebble/.test(await seen(server)));
    await server.stop();
    assert.equal(pebble.issued, 1);
  },
);

Deno.test(
  "DNS-01: a program puts the records into the zone, and takes them out again",
  NEEDS,
  async () => {
    await using pebble = await Pebble.start({ address: "192.0.2.1" });
    const domains = ["*.example.net", "mx.example.net"];
    await using server = await Running.start((directory) => ({
      tls: { acme: { ...pebble.settings, domains, "dns-hook": [pebble.hook(directory), "--own"] } },
    }));
    await until(() => server.log.join("\n"), async () => (await ehlo(server)).includes("STARTTLS"));
    assert.match(await seen(server), /DNS:\*\.example\.net, DNS:mx\.example\.net/);
    const calls = () => server.directory.read("calls").trim().split("\n");
    await until("the records are removed", () => calls().length === 4);
    assert.deepEqual(calls().map((call) => call.replace(/ [\w-]{43}$/, " VALUE")).toSorted(), [
      "--own add _acme-challenge.example.net VALUE",
      "--own add _acme-challenge.mx.example.net VALUE",
      "--own remove _acme-challenge.example.net VALUE",
      "--own remove _acme-challenge.mx.example.net VALUE",
    ]);
  },
);

/** What a server says that gets no certificate, and when it tries again. */
async function failure(
  server: Running,
): Promise<{ readonly error: string; readonly hours: number }> {
  const line = await server.logs(/certificate not issued/);
  const [, error = "", next = ""] = / error="?(.*?)"? next=(\S+)/.exec(line) ?? [];
  return { error, hours: Math.round((Date.parse(next) - Date.now()) / 360_000) / 10 };
}

Deno.test(
  "an authority that is down: one line an hour and later, also across restarts",
  NEEDS,
  async () => {
    using state = new Directory();
    const port = freePort();
    const acme = {
      ...{ email: "admin@example.net", agree: true, directory: `https://localhost:${port}/dir` },
      listen: "127.0.0.1:0",
    };
    const settings = () => ({
      auth: {},
      listen: ["127.0.0.1:0", { address: "127.0.0.1:0", kind: "submissions" }],
      "state-directory": state.path,
      tls: { acme },
    });
    const attempts = () => JSON.parse(Deno.readTextFileSync(`${kept(state.path)}/attempts.json`));
    for (const [failures, hours] of [[1, 1], [2, 2]] as const) {
      await using server = await Running.start(settings);
      assert.deepEqual(await failure(server), {
        error:
          `cannot reach localhost:${port}: tcp connect error: Connection refused (os error 111)`,
        hours,
      });
      assert.doesNotMatch(await ehlo(server), /STARTTLS/);
      using client = await Deno.connect({ port: Number(server.addresses[1]!.split(":").at(-1)) });
      assert.equal(await client.read(new Uint8Array(1)), null);
      await server.logs(/disconnected .*reason="no TLS: there is no certificate yet"/);
      await server.stop();
      assert.equal(attempts().failures, failures);

      await using early = await Running.start(settings);
      assert.match((await failure(early)).error, /Connection refused/);
      await early.stop();
      assert.ok(!early.log.some((line) => /certificate ordered/.test(line)), "it has waited");
      assert.equal(attempts().failures, failures);
      const past = { ...attempts(), next: new Date(0).toISOString() };
      Deno.writeTextFileSync(`${kept(state.path)}/attempts.json`, JSON.stringify(past));
    }
  },
);

Deno.test(
  "what the authority cannot verify, and a hook that fails, are in the log",
  NEEDS,
  async () => {
    await using pebble = await Pebble.start();
    const acme = { ...pebble.settings, listen: "127.0.0.1:0" }; // not where pebble looks
    await using elsewhere = await Running.start(() => ({ tls: { acme } }));
    const { error } = await failure(elsewhere);
    assert.match(
      error,
      /^the authority could not verify mx\.example\.net: .*connection refused.*: port 80 of/,
    );

    await using hooked = await Running.start((directory) => {
      const hook = directory.write("hook", "#!/bin/sh\necho no such zone >&2\nexit 3\n");
      Deno.chmodSync(hook, 0o755);
      return { tls: { acme: { ...pebble.settings, "dns-hook": [hook] } } };
    });
    assert.match(
      (await failure(hooked)).error,
      /^the DNS hook, \S+\/hook add _acme-challenge\.mx\.example\.net, ended with exit code 3: no such zone$/,
    );

    const { ca: _, ...unknown } = pebble.settings;
    await using distrusting = await Running.start(() => ({
      tls: { acme: { ...unknown, listen: "127.0.0.1:0" } },
    }));
    assert.match((await failure(distrusting)).error, /^cannot reach localhost:\d+: .*`ca`$/);
  },
);

Deno.test("root takes the port for its user, whose keys they are, and check says what is wrong", {
  ignore: NEEDS.ignore || needRoot().ignore,
}, async () => {
  await using pebble = await Pebble.start({ httpPort: lowPort() });
  await using server = await Running.start((directory) => {
    Deno.chmodSync(directory.path, 0o755);
    return { user: "nobody", "handlers-as-root": false, tls: { acme: overHttp(pebble) } };
  });
  await server.logs(/certificate issued domains=mx\.example\.net until=/);
  const check = () => postmaster("check", "--config", server.directory.of("postmaster.yaml"));
  const busy = await check();
  assert.match(busy.stdout, /^warning: acme: cannot listen on 127\.0\.0\.1:\d+: .* has port/m);
  await server.stop();
  const good = await check();
  assert.match(
    good.stdout,
    /^acme: mx\.example\.net from https.*HTTP-01 on .*certificate: until /m,
  );
  assert.doesNotMatch(good.stdout, /^warning: acme/m);
  const file = `${kept(server.directory.of("state"))}/certificate.pem`;
  assert.equal(Deno.statSync(file).uid, 65534);
  Deno.chownSync(file, 0, 0);
  const bad = await check();
  assert.equal(bad.code, 1);
  assert.match(
    bad.stderr,
    /`tls\.acme`: the server, as the user nobody, cannot use \S+pem .*: chown -R/,
  );
});
