/**
 * TLS on real sockets.
 *
 * @module
 */
import { createHash } from "node:crypto";
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import * as tls from "node:tls";
import { readFileSync } from "node:fs";
import type { Tls } from "../../src/handler/tls.ts";
import { need } from "../need.ts";
import { Directory } from "../running.ts";
import { ofClient, selfSigned } from "./openssl.ts";
import { type KeyPair, readKeyPair } from "../../src/tls/key_pair.ts";
import { Terminator } from "../../src/tls/terminator.ts";

const directory = new Directory();
globalThis.addEventListener("unload", () => directory[Symbol.dispose]());

const pairFor = (...domains: [string, ...string[]]): KeyPair =>
  readKeyPair(selfSigned(directory, domains));

/** A server that says `go`, makes its sockets secure and repeats what it hears. */
class Echo implements AsyncDisposable {
  readonly states: Tls[] = [];
  readonly failures: (Error & { readonly code?: string })[] = [];
  /** As the listeners of the real server, it does not hang up only because the client has said its last. */
  readonly #server = createServer({ allowHalfOpen: true }, (socket) => void this.#serve(socket));
  readonly #terminator: Terminator;
  #failed = Promise.withResolvers<void>();

  constructor(terminator: Terminator) {
    this.#terminator = terminator;
  }

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Waits for the next handshake that fails. */
  async failure(): Promise<Error & { readonly code?: string }> {
    await this.#failed.promise;
    this.#failed = Promise.withResolvers();
    return this.failures.at(-1)!;
  }

  async #serve(clear: Socket): Promise<void> {
    clear.on("error", () => {});
    await once(clear, "data");
    clear.pause();
    clear.write("go");
    try {
      const { socket, tls } = await this.#terminator.secure(clear);
      this.states.push(tls);
      socket.on("error", () => {});
      socket.pipe(socket);
    } catch (error) {
      assert.ok(clear.destroyed);
      this.failures.push(error as Error);
      this.#failed.resolve();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** A client that waits for nothing, as those who attack STARTTLS do. */
async function clear(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write("start");
  await once(socket, "data");
  return socket;
}

async function talk(port: number, options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
  const socket = tls.connect({
    socket: await clear(port),
    rejectUnauthorized: false,
    servername: "a.example",
    ...options,
  });
  await once(socket, "secureConnect");
  socket.write("hello");
  const [answer] = await Promise.race([once(socket, "data"), once(socket, "close")]);
  assert.equal(String(answer), "hello");
  return socket;
}

const subject = (socket: tls.TLSSocket) => socket.getPeerCertificate().subject.CN;

Deno.test(
  "a hundred clients at once get TLS, and the session knows what was negotiated",
  need("openssl"),
  async () => {
    const pairs = [pairFor("a.example")];
    await using echo = await new Echo(
      new Terminator({ pairs, minimum: "TLSv1.2", clientCertificates: "off" }),
    ).start();
    const sockets = await Promise.all(Array.from({ length: 100 }, () => talk(echo.port)));
    for (const socket of sockets) socket.destroy();
    assert.equal(echo.states.length, 100);
    assert.deepEqual(echo.states[0], {
      protocol: "TLSv1.3",
      cipher: echo.states[0]!.cipher,
      serverName: "a.example",
      peer: undefined,
      endPoint: new Uint8Array(createHash("sha256").update(pairs[0]!.certificate.raw).digest()),
    });
    assert.match(echo.states[0]!.cipher, /^TLS_/);
    const old = await talk(echo.port, { maxVersion: "TLSv1.2" });
    assert.equal(echo.states.at(-1)!.protocol, "TLSv1.2");
    old.destroy();
  },
);

Deno.test(
  "the name that the client asks for chooses the certificate",
  need("openssl"),
  async () => {
    const pairs = [
      pairFor("a.example"),
      pairFor("*.b.example"),
      pairFor("x.b.example"),
    ];
    const terminator = new Terminator({ pairs, minimum: "TLSv1.2", clientCertificates: "off" });
    await using echo = await new Echo(terminator).start();
    const ask = async (servername: string) => {
      const socket = await talk(echo.port, { servername });
      const name = subject(socket);
      socket.destroy();
      return name;
    };
    assert.equal(await ask("a.example"), "a.example");
    assert.equal(await ask("mx.b.example"), "*.b.example");
    assert.equal(await ask("X.B.example"), "x.b.example");
    assert.equal(await ask("unknown.example"), "a.example");
    terminator.use([pairFor("new.example")]);
    assert.equal(await ask("a.example"), "new.example");
  },
);

Deno.test("new certificates disturb no session that is open", need("openssl"), async () => {
  const terminator = new Terminator({
    pairs: [pairFor("old.example")],
    minimum: "TLSv1.2",
    clientCertificates: "off",
  });
  await using echo = await new Echo(terminator).start();
  const open = await talk(echo.port);
  terminator.use([pairFor("new.example")]);
  const fresh = await talk(echo.port);
  open.write("still here");
  assert.equal(String((await once(open, "data"))[0]), "still here");
  assert.deepEqual([subject(open), subject(fresh)], ["old.example", "new.example"]);
  open.destroy();
  fresh.destroy();
});

for (const names of [["a.example"], ["a.example", "b.example"]]) {
  Deno.test(
    `a handshake that fails ends its socket and nothing else: ${names}`,
    need("openssl"),
    async () => {
      const pairs = names.map((name) => pairFor(name));
      await using echo = await new Echo(
        new Terminator({ pairs, minimum: "TLSv1.2", clientCertificates: "off" }),
      ).start();
      const breaks: readonly ((socket: Socket) => void)[] = [
        (socket) => socket.write("EHLO clear.example\r\n"),
        (socket) => socket.end(),
        (socket) => socket.resetAndDestroy(),
        (socket) => socket.end(Uint8Array.of(22, 3, 1, 2, 0, 1)),
        (socket) => socket.write(Uint8Array.of(22, 3, 1, 2, 0, 1), () => socket.resetAndDestroy()),
      ];
      for (const [i, end] of breaks.entries()) {
        const failure = echo.failure();
        end(await clear(echo.port));
        await failure;
        assert.equal(echo.failures.length, i + 1);
      }
      (await talk(echo.port)).destroy();
    },
  );
}

Deno.test("a client that has said its last is still answered", need("openssl"), async () => {
  const terminator = new Terminator({
    pairs: [pairFor("a.example")],
    minimum: "TLSv1.2",
    clientCertificates: "off",
  });
  await using echo = await new Echo(terminator).start();
  const socket = await talk(echo.port, { maxVersion: "TLSv1.2" });
  socket.end("last words");
  assert.equal(String((await once(socket, "data"))[0]), "last words");
});

Deno.test(
  "a certificate of a client counts only if it leads to the authority",
  need("openssl"),
  async () => {
    const pairs = [pairFor("a.example")];
    const clients = [ofClient(directory, "joe"), ofClient(directory, "eve")];
    const [joe, eve] = clients.map(({ certificate, key }) => ({
      cert: readFileSync(certificate),
      key: readFileSync(key),
    }));
    const options = { pairs, minimum: "TLSv1.2", clientCa: clients[0]!.authority } as const;
    {
      await using echo = await new Echo(
        new Terminator({ ...options, clientCertificates: "require" }),
      ).start();
      (await talk(echo.port, joe!)).destroy();
      assert.match(echo.states.at(-1)!.peer!.subject, /joe/);
      const refused = [[eve!, /CN=eve, does not lead to client-ca/], [
        {},
        /shows no certificate/,
      ]] as const;
      for (const [client, why] of refused) {
        const failure = echo.failure();
        const socket = tls.connect({
          socket: await clear(echo.port),
          rejectUnauthorized: false,
          servername: "a.example",
          ...client,
        });
        socket.on("error", () => {});
        assert.match((await failure).message, why);
      }
    }
    {
      await using echo = await new Echo(
        new Terminator({ ...options, clientCertificates: "request" }),
      ).start();
      (await talk(echo.port, joe!)).destroy();
      assert.match(echo.states.at(-1)!.peer!.subject, /joe/);
      (await talk(echo.port)).destroy();
      assert.equal(echo.states.at(-1)!.peer, undefined);
    }
  },
);
