/**
 * The client's end of TLS, with real servers.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  type AddressInfo,
  connect,
  createServer as createClearServer,
  type Socket,
} from "node:net";
import { createServer } from "node:tls";
import type { TlsaRecord } from "../../src/dns/records.ts";
import { secure, type Secured } from "../../src/tls/client.ts";
import { TlsFailure, type TlsRequirement } from "../../src/tls/requirement.ts";
import { freePort } from "../ports.ts";
import { need } from "../need.ts";
import { Directory, until } from "../running.ts";
import { issue, type Issued, type Wish } from "./authority.ts";

/** The error of what is rejected. */
async function rejectionOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was not rejected");
}

const includes = (text: string, part: string) =>
  assert.ok(text.includes(part), `${part} in ${text}`);

const HOST = "mx.example.net";

/** What a server is asked for, and what it is shown. */
interface Attempt {
  readonly requirement: TlsRequirement;
  /** The server's own certificate first. */
  readonly presents: readonly Issued[];
  readonly host?: string;
  readonly ca?: string;
}

/** Whoever uses a client of a server does so while it lives. */
async function withServer<T>(
  presents: readonly Issued[],
  use: (socket: Socket, asked: () => string | false | undefined) => Promise<T>,
): Promise<T> {
  let asked: string | false | undefined;
  const server = createServer({
    cert: presents.map(({ certificate }) => certificate).join(""),
    key: presents[0]!.key,
  }, (socket) => {
    asked = (socket as { servername?: string | false }).servername;
    socket.on("error", () => {});
    socket.end("220 hello\r\n");
  });
  server.on("tlsClientError", () => {});
  const socket = await connectTo(server);
  try {
    return await use(socket, () => asked);
  } finally {
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function connectTo(
  server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown },
): Promise<Socket> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return await connected((server.address() as AddressInfo).port);
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return socket;
}

/** How the attempt ends: what was verified, or the failure. The failed one leaves no open socket. */
const outcomeOf = ({ presents, requirement, host = HOST, ca }: Attempt): Promise<string> =>
  withServer(presents, async (socket) => {
    const { signal } = new AbortController();
    let secured: Secured;
    try {
      secured = await secure(socket, { host, requirement, ca, signal });
    } catch (error) {
      if (!(error instanceof TlsFailure)) throw error;
      assert.equal(socket.destroyed, true);
      includes(error.message, `${host}: `);
      return `${error.kind}: ${error.message}`;
    }
    assert.equal(secured.tls.protocol, "TLSv1.3");
    assert.equal(await firstOf(secured), "220 hello\r\n");
    secured.socket.destroy();
    return `verified by ${secured.tls.verified ?? "nothing"}`;
  });

const firstOf = ({ socket }: Secured): Promise<string> =>
  new Promise((resolve) => socket.once("data", (chunk) => resolve(String(chunk))));

const verify = (...names: string[]): TlsRequirement => ({
  ...{ level: "verify", names, by: "configuration" },
});

const root = await issue({ name: "Root", below: 3 });
const middle = await issue({ name: "Middle", by: root, below: 0 });
const byMiddle = (wish: Partial<Wish> = {}) =>
  issue({ name: "server", domains: [HOST], by: middle, ...wish });
const good = await byMiddle();
const own = await issue({ name: HOST, domains: [HOST] });

Deno.test("where encryption suffices, each certificate does", async () => {
  const old = await issue({ name: "other", domains: ["other.example"], days: [-9, -8] });
  for (const level of ["may", "encrypt"] as const) {
    assert.equal(
      await outcomeOf({ presents: [old], requirement: { level } }),
      "verified by nothing",
    );
  }
});

Deno.test("a certificate must lead to an authority that is trusted, and be for the server", async (t) => {
  const ca = root.certificate;
  const [past, future, elsewhere, wild, nameless, numeric] = await Promise.all([
    byMiddle({ days: [-90, -2] }),
    byMiddle({ days: [2, 90] }),
    byMiddle({ domains: ["a.example", "b.example", "c.example", "d.example", "e.example"] }),
    byMiddle({ domains: ["*.example.net"] }),
    byMiddle({ name: HOST, domains: [] }),
    byMiddle({ domains: ["192.0.2.1"], addresses: ["127.0.0.1"] }),
  ]);
  const late = await issue({ name: "Late", by: root, below: 0, days: [-9, -1] });
  const below = await issue({ name: "server", domains: [HOST], by: late });
  const byOwn = await issue({ name: "server", domains: [HOST], by: own });
  const today = (days: number) =>
    new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const cases: readonly (readonly [string, Partial<Attempt>, string])[] = [
    ["good", { presents: [good, middle] }, "verified by ca"],
    ["by MTA-STS", {
      requirement: { level: "verify", names: [HOST], by: "mta-sts" },
    }, "verified by mta-sts"],
    ["a second name", { requirement: verify("other.example", HOST) }, "verified by ca"],
    ["any host below", { requirement: verify(".example.net") }, "verified by ca"],
    ["for all hosts", { presents: [wild, middle] }, "verified by ca"],
    [
      "an address",
      { presents: [numeric, middle], requirement: verify("127.0.0.1") },
      "verified by ca",
    ],
    ["a name is no address", {
      presents: [numeric, middle],
      requirement: verify("192.0.2.1"),
    }, "certificate-host-mismatch: "],
    ["the domain itself is not below it", {
      requirement: verify(".mx.example.net"),
    }, "certificate-host-mismatch: mx.example.net: its certificate is not for .mx.example.net"],
    [
      "one label only",
      {
        presents: [wild, middle],
        requirement: verify("a.b.example.net"),
      },
      "certificate-host-mismatch: mx.example.net: its certificate is not for a.b.example.net: " +
      "it is for *.example.net, issued by CN=Middle, valid from ",
    ],
    [
      "misnamed",
      {
        presents: [elsewhere, middle],
      },
      "certificate-host-mismatch: mx.example.net: its certificate is not for mx.example.net: it " +
      "is for a.example, b.example, c.example, d.example and 1 more, issued by CN=Middle, valid " +
      `from ${today(-1)} to ${today(30)}`,
    ],
    ["only a common name", { presents: [nameless, middle] }, "certificate-host-mismatch: "],
    ["expired", {
      presents: [past, middle],
    }, `certificate-expired: mx.example.net: its certificate expired on ${today(-2)}: it is for `],
    ["not yet valid", {
      presents: [future, middle],
    }, `certificate-expired: mx.example.net: its certificate is valid only from ${today(2)} on`],
    [
      "an expired authority",
      {
        presents: [below, late],
      },
      `certificate-not-trusted: mx.example.net: its certificate is not trusted, because a ` +
      `certificate above it expired on ${today(-1)}: it is for mx.example.net, issued by CN=Late`,
    ],
    [
      "self-signed",
      {
        presents: [own],
      },
      "certificate-not-trusted: mx.example.net: its certificate is not trusted, because it ends " +
      "in one that is signed by itself: it is for mx.example.net, issued by itself",
    ],
    [
      "an incomplete chain",
      {
        presents: [good],
      },
      "certificate-not-trusted: mx.example.net: its certificate is not trusted, because it leads " +
      "to no authority that is known here",
    ],
    ["the server's own certificate is trusted", {
      ...{ presents: [own], ca: own.certificate },
    }, "verified by ca"],
    ["a certificate of a server is no authority", {
      ...{ presents: [byOwn, own], ca: own.certificate },
    }, "certificate-not-trusted: "],
    ["one of several authorities", { ca: own.certificate + ca }, "verified by ca"],
    ["an authority that has expired", {
      ...{ presents: [below], ca: late.certificate },
    }, "certificate-not-trusted: "],
    ["without the authority", { ca: own.certificate }, "certificate-not-trusted: "],
  ];
  for (const [name, attempt, expected] of cases) {
    await t.step(name, async () => {
      const full = { presents: [good, middle], requirement: verify(HOST), ca, ...attempt };
      const outcome = await outcomeOf(full);
      assert.equal(outcome.slice(0, expected.length), expected);
    });
  }
});

/** A record for a certificate, or for other data. */
function tlsa(
  certUsage: number,
  selector: number,
  match: number,
  { raw, spki }: Pick<Issued, "raw" | "spki">,
): TlsaRecord {
  const whole = selector === 1 ? spki : raw;
  const hash = ["", "sha256", "sha512"][match];
  const data = hash ? new Uint8Array(createHash(hash).update(whole).digest()) : whole;
  return { certUsage, selector, match, data };
}

const dane = (records: readonly TlsaRecord[], ...names: string[]): TlsRequirement => ({
  ...{ level: "dane", records, names: names.length > 0 ? names : [HOST] },
});

Deno.test("TLSA records of each selector and matching type name the server's certificate", async () => {
  const old = await issue({ name: "whoever", domains: ["other.example"], days: [-9, -8] });
  for (const selector of [0, 1]) {
    for (const match of [0, 1, 2]) {
      const right = tlsa(3, selector, match, old);
      const wrong = tlsa(3, selector, match, own);
      const by = (...records: TlsaRecord[]) =>
        outcomeOf({ presents: [old], requirement: dane(records) });
      assert.equal(await by(wrong, right), "verified by dane", `3 ${selector} ${match}`);
      includes(
        await by(wrong),
        "tlsa-invalid: mx.example.net: its certificate is none of those that its TLSA records " +
          `name (3 ${selector} ${match} ${
            wrong.data.toHex().slice(0, 16)
          }...): it is for other.example, issued by itself`,
      );
    }
  }
});

Deno.test("TLSA records of each selector and matching type name an authority of the server", async () => {
  for (const selector of [0, 1]) {
    for (const match of [0, 1, 2]) {
      for (const anchor of [middle, root]) {
        const by = (record: TlsaRecord, ...presents: Issued[]) =>
          outcomeOf({ presents, requirement: dane([record]) });
        const record = tlsa(2, selector, match, anchor);
        const what = `2 ${selector} ${match}`;
        assert.equal(await by(record, good, middle, root), "verified by dane", what);
        // Only what is whole in a record need not be presented.
        const rest = anchor === root ? [middle] : [];
        const outcome = await by(record, good, ...rest);
        assert.equal(outcome.startsWith("verified by dane"), match === 0, `${what}: ${outcome}`);
        includes(await by(record, own), "tlsa-invalid: ");
      }
    }
  }
});

Deno.test("an authority that TLSA records name vouches only for a chain that is right", async (t) => {
  const other = await issue({ name: "Root", below: 3 });
  const [past, elsewhere, wild, nameless, client, atLimit, below, limited] = await Promise.all([
    byMiddle({ days: [-90, -2] }),
    byMiddle({ domains: ["other.example"] }),
    byMiddle({ domains: ["*.example.net"] }),
    byMiddle({ name: HOST, domains: [] }),
    byMiddle({ uses: ["1.3.6.1.5.5.7.3.2"] }),
    issue({ name: "Below the limit", by: middle, below: 0 }),
    issue({ name: "No authority", by: middle }),
    issue({ name: "Limited", by: root, below: 0, constrained: true }),
  ]);
  const [beyond, byServer, byLimited] = await Promise.all([
    issue({ name: "server", domains: [HOST], by: atLimit }),
    issue({ name: "server", domains: [HOST], by: below }),
    issue({ name: "server", domains: [HOST], by: limited }),
  ]);
  const cases: readonly (readonly [string, readonly Issued[], string, string[]?])[] = [
    ["the second name", [good, middle, root], "verified by dane", ["base.example", HOST]],
    ["in any order", [good, root, middle], "verified by dane"],
    ["for all hosts", [wild, middle, root], "verified by dane"],
    ["only a common name", [nameless, middle, root], "verified by dane"],
    ["misnamed", [elsewhere, middle, root], "certificate-host-mismatch: "],
    ["expired", [past, middle, root], "certificate-expired: "],
    ["for clients only", [client, middle, root], "tlsa-invalid: "],
    ["more authorities than allowed", [beyond, atLimit, middle, root], "tlsa-invalid: "],
    ["issued by no authority", [byServer, below, middle, root], "tlsa-invalid: "],
    ["with limits that are not checked", [byLimited, limited, root], "tlsa-invalid: "],
    ["the authority only stands there", [own, root], "tlsa-invalid: "],
    ["one of the same name", [good, middle, other], "tlsa-invalid: "],
  ];
  for (const [name, presents, expected, names = []] of cases) {
    await t.step(name, async () => {
      const requirement = dane([tlsa(2, 0, 1, root)], ...names);
      const outcome = await outcomeOf({ presents, requirement });
      assert.equal(outcome.slice(0, expected.length), expected);
    });
  }
});

Deno.test("TLSA records that cannot be used do not count", async () => {
  const useless: readonly TlsaRecord[] = [
    tlsa(0, 0, 1, own),
    tlsa(1, 1, 1, own),
    { ...tlsa(3, 1, 1, own), selector: 2 },
    { ...tlsa(3, 1, 1, own), match: 3 },
    { ...tlsa(3, 1, 1, own), data: new Uint8Array(31) },
    { ...tlsa(3, 1, 0, own), data: new Uint8Array([1, 2, 3]) },
    { ...tlsa(2, 0, 0, own), data: own.spki },
  ];
  assert.equal(
    await outcomeOf({ presents: [own], requirement: dane(useless) }),
    "verified by nothing",
  );
  const wrong = [...useless, tlsa(3, 1, 1, good)];
  includes(
    await outcomeOf({ presents: [own], requirement: dane(wrong) }),
    "tlsa-invalid: ",
  );
});

Deno.test("of two hashes of one thing only the stronger counts", async () => {
  const records = [tlsa(3, 1, 1, own), tlsa(3, 1, 2, good)];
  includes(
    await outcomeOf({ presents: [own], requirement: dane(records) }),
    "tlsa-invalid: ",
  );
});

Deno.test("the server is asked for the first name that is one", async () => {
  const asked = (requirement: TlsRequirement, host: string) =>
    withServer([own], async (socket, asked) => {
      const { signal } = new AbortController();
      const secured = await secure(socket, { host, requirement, signal }).catch(() => undefined);
      if (secured !== undefined) await firstOf(secured);
      secured?.socket.destroy();
      return asked() || undefined;
    });
  const any = dane([]);
  const of = (...names: string[]): TlsRequirement => ({ ...any, names } as TlsRequirement);
  assert.equal(await asked(any, "other.example"), HOST);
  assert.equal(await asked(of(".example.net"), "other.example."), "other.example");
  assert.equal(await asked(of("MX.Example.NET"), "other.example"), HOST);
  assert.equal(await asked({ level: "may" }, HOST), HOST);
  for (const none of ["127.0.0.1", "::1", "a..b", "-a.example", "a b", "", "unix:/run/lmtp"]) {
    assert.equal(await asked({ level: "may" }, none), undefined, none);
  }
});

Deno.test("a server that does not speak TLS is a failure", async (t) => {
  const answers: readonly (readonly [string, (socket: Socket) => void, string])[] = [
    [
      "clear text",
      (socket) => socket.write("220 hello\r\n"),
      "it answered with something else than TLS",
    ],
    [
      "nothing",
      (socket) => socket.end(),
      "the handshake failed (Client network socket disconnected before ",
    ],
    ["a reset", (socket) => socket.resetAndDestroy(), ""],
    ["an alert", (socket) => {
      socket.end(new Uint8Array([21, 3, 1, 0, 2, 2, 70]));
    }, "it speaks neither TLS 1.2 nor 1.3"],
  ];
  for (const [name, answer, expected] of answers) {
    await t.step(name, async () => {
      const server = createClearServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => answer(socket));
      });
      const socket = await connectTo(server);
      const { signal } = new AbortController();
      const requirement = { level: "may" } as const;
      const error = await rejectionOf(
        secure(socket, { host: HOST, requirement, signal }),
      ) as TlsFailure;
      assert.equal(error.kind, "validation-failure");
      includes(error.message, `mx.example.net: no TLS: ${expected}`);
      assert.equal(socket.destroyed, true);
      await new Promise((resolve) => server.close(resolve));
    });
  }
});

Deno.test("a handshake is given up when its signal says so", async () => {
  const server = createClearServer((socket) => socket.on("error", () => {}).resume());
  const socket = await connectTo(server);
  const controller = new AbortController();
  const requirement = { level: "encrypt" } as const;
  const secured = secure(socket, { host: HOST, requirement, signal: controller.signal });
  controller.abort(new Error("enough"));
  assert.equal((await rejectionOf(secured)).message, "enough");
  assert.equal(socket.destroyed, true);
  const late = await connected((server.address() as AddressInfo).port);
  assert.equal(
    (await rejectionOf(secure(late, { host: HOST, requirement, signal: controller.signal })))
      .message,
    "enough",
  );
  assert.equal(late.destroyed, true);
  await new Promise((resolve) => server.close(resolve));
});

/** Runs openssl s_server while a client is used. */
async function withOpenssl(args: readonly string[], use: (socket: Socket) => Promise<void>) {
  const port = freePort();
  const child = new Deno.Command("openssl", {
    args: ["s_server", "-accept", `127.0.0.1:${port}`, "-quiet", ...args],
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).spawn();
  const socket = await until("openssl listens", () => connected(port).catch(() => undefined));
  try {
    await use(socket);
  } finally {
    socket.destroy();
    child.kill();
    await child.status;
  }
}

Deno.test({
  name: "a server without the key of the certificate that it presents is a failure",
  ...need("openssl"),
  fn: async () => {
    using directory = new Directory();
    const thief = await issue({ name: "thief" });
    const [stolen, other] = await Promise.all(
      [own, thief].map(({ keys }) => crypto.subtle.exportKey("jwk", keys.privateKey)),
    );
    const key = directory.write("key", forged(other!.d!, stolen!));
    const certificate = directory.write("cert", own.certificate);
    for (const version of ["-tls1_2", "-tls1_3"]) {
      await withOpenssl([version, "-cert", certificate, "-key", key], async (socket) => {
        const requirement = dane([tlsa(3, 1, 1, own)]);
        const { signal } = new AbortController();
        const error = await rejectionOf(
          secure(socket, { host: HOST, requirement, signal }),
        ) as TlsFailure;
        includes(error.message, "its key or its signature cannot be used");
      });
    }
  },
});

/** A private key in PEM (RFC 5915) that says it belongs to another public key: openssl believes it. */
function forged(d: string, { x, y }: JsonWebKey): string {
  const bytes = (text: string) => Uint8Array.fromBase64(text, { alphabet: "base64url" });
  const der = Uint8Array.from([
    ...[0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20, ...bytes(d)],
    ...[0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
    ...[0xa1, 0x44, 0x03, 0x42, 0x00, 0x04, ...bytes(x!), ...bytes(y!)],
  ]);
  return `-----BEGIN EC PRIVATE KEY-----\n${der.toBase64()}\n-----END EC PRIVATE KEY-----\n`;
}

Deno.test("authorities of the system are trusted", async () => {
  using directory = new Directory();
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--no-check",
      `
      import { leadsToOwnAuthority } from "${new URL(
        "../../src/tls/authorities.ts",
        import.meta.url,
      )}";
      import { readCertificate } from "${new URL("../../src/tls/certificate.ts", import.meta.url)}";
      const presented = ${JSON.stringify([good, middle].map(({ raw }) => raw.toHex()))}
        .map((raw) => readCertificate(Uint8Array.fromHex(raw)));
      console.log(leadsToOwnAuthority(presented, undefined, Date.now()));
    `,
    ],
    env: {
      ...{ SSL_CERT_FILE: directory.write("ca.pem", root.certificate), NO_COLOR: "1" },
      DENO_TLS_CA_STORE: "mozilla", // else the runtime knows those of the system by itself
    },
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "true\n");
});
