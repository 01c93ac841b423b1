/**
 * Passwords that a real saslauthd checks. It asks an IMAP server, which is the test's own.
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { need } from "../need.ts";
import { Directory, until } from "../running.ts";
import { base64, logIn, serveLogins } from "./logins.ts";

/** Answers LOGIN of IMAP. */
function imapServer(isRight: (command: string) => boolean): Disposable & { port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async (connection: Deno.Conn) => {
    using _connection = connection;
    const say = (line: string) => connection.write(new TextEncoder().encode(`${line}\r\n`));
    await say("* OK ready");
    const lines = connection.readable.pipeThrough(new TextDecoderStream());
    for await (const line of lines) {
      const [tag] = line.split(" ");
      await say(`${tag} ${!line.includes(" LOGIN ") || isRight(line) ? "OK" : "NO"} done`);
    }
  };
  (async () => {
    for await (const connection of listener) serve(connection).catch(() => {});
  })();
  const { port } = listener.addr as Deno.NetAddr;
  return { port, [Symbol.dispose]: () => listener.close() };
}

/** A saslauthd with a socket in a directory of its own. At its end it kills its process group, so it gets one. */
class Saslauthd {
  readonly #directory = new Directory();
  #child: Deno.ChildProcess | undefined;

  get socket(): string {
    return this.#directory.of("mux");
  }

  async start(port: number): Promise<void> {
    this.#child = new Deno.Command("setsid", {
      args: [
        "saslauthd",
        "-d",
        "-a",
        "rimap",
        "-O",
        `127.0.0.1/${port}`,
        "-n",
        "2",
        "-m",
        this.#directory.path,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await until("saslauthd listens", () => existsSync(this.socket));
  }

  async stop(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await this.#child?.status;
    this.#child = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#directory[Symbol.dispose]();
  }
}

Deno.test({
  name: "saslauthd says who may come in, and while it is away nobody can tell",
  ...need("saslauthd", "setsid"),
  fn: async () => {
    await using saslauthd = new Saslauthd();
    using imap = imapServer((command) => /LOGIN "joe@x\.org" "correct \\"horse"/.test(command));
    await using server = await serveLogins(() => ({ passwords: { saslauthd: saslauthd.socket } }));
    await server.logs(/there is no socket .*mux: start its server/);
    const PASSWORD = 'correct "horse';
    assert.equal(await logIn(server, "joe@x.org", PASSWORD), 454);
    await server.logs(/authentication failed .*error="saslauthd at .*ENOENT/);
    await saslauthd.start(imap.port);
    assert.equal(await logIn(server, "joe@x.org", PASSWORD), 235);
    assert.equal(await logIn(server, "joe@x.org", PASSWORD, "LOGIN"), 235);
    const wrong = ["x", "x".repeat(255), "x".repeat(7000), "ü", "a\r\nb", "a\0b"];
    for (const password of wrong) {
      assert.equal(await logIn(server, "joe@x.org", password, "LOGIN"), 535, password);
    }
    assert.equal(await logIn(server, "j".repeat(7000), PASSWORD), 535);
    const codes = await Promise.all(
      Array.from({ length: 60 }, (_, i) => logIn(server, "joe@x.org", i % 2 ? "no" : PASSWORD)),
    );
    assert.deepEqual(codes, codes.map((_, i) => i % 2 ? 535 : 235));
    await saslauthd.stop();
    assert.equal(await logIn(server, "joe@x.org", PASSWORD), 454);
    for (const secret of [PASSWORD, base64(`\0joe@x.org\0${PASSWORD}`)]) {
      assert.ok(!server.log.join("\n").includes(secret), secret);
    }
  },
});
