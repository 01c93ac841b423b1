/**
 * An authority for tests: pebble(1), with a DNS server of its own, by the authors of Let's Encrypt.
 *
 * @module
 */
import { selfSigned } from "../../src/tls/self_signed.ts";
import { freePort } from "../ports.ts";
import { Directory, until } from "../running.ts";

/** How an authority for a test differs from others. */
export interface PebbleOptions {
  /** The address that all domains have. */
  readonly address?: string;
  /** Where it looks for HTTP-01. */
  readonly httpPort?: number;
}

/** A running authority. */
export class Pebble implements AsyncDisposable {
  /** Where it looks for HTTP-01. */
  readonly httpPort: number;
  readonly #port = freePort();
  readonly #dnsPort = freePort();
  readonly #managementPort = freePort();
  readonly #directory = new Directory();
  readonly #children: Deno.ChildProcess[] = [];
  readonly #said: string[] = [];

  private constructor(httpPort: number) {
    this.httpPort = httpPort;
  }

  static async start(
    { address = "127.0.0.1", httpPort = freePort() }: PebbleOptions = {},
  ): Promise<Pebble> {
    const pebble = new Pebble(httpPort);
    try {
      await pebble.#start(address);
    } catch (error) {
      await pebble[Symbol.asyncDispose]();
      throw error;
    }
    return pebble;
  }

  /** The settings for a server that gets its certificate here. */
  get settings(): Record<string, unknown> {
    return {
      email: "admin@example.net",
      agree: true,
      directory: `https://localhost:${this.#port}/dir`,
      ca: this.#directory.of("cert.pem"),
    };
  }

  /** A program for `dns-hook`, which also notes how it was called in `calls`. */
  hook(directory: Directory): string {
    const path = directory.write(
      "hook",
      `#!/bin/sh
echo "$@" >> '${directory.of("calls")}'
case $2 in add) call=set-txt;; remove) call=clear-txt;; *) echo "what is $2?" >&2; exit 3;; esac
exec curl --silent --fail --data "{\\"host\\": \\"$3.\\", \\"value\\": \\"$4\\"}" http://127.0.0.1:${this.#managementPort}/$call
`,
    );
    Deno.chmodSync(path, 0o755);
    return path;
  }

  /** How many certificates it has issued. */
  get issued(): number {
    return this.#said.join("").match(/Issued certificate serial/g)?.length ?? 0;
  }

  /** How many orders it took: now and then it refuses one at first, for its nonce, as the protocol allows. */
  get orders(): number {
    return this.#said.join("").match(/Added order/g)?.length ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(this.#children.map(({ status }) => status));
    this.#directory[Symbol.dispose]();
  }

  async #start(address: string): Promise<void> {
    const own = await selfSigned(["localhost"], 1);
    const config = this.#directory.write("pebble.json", {
      pebble: {
        listenAddress: `127.0.0.1:${this.#port}`,
        managementListenAddress: `127.0.0.1:${freePort()}`,
        certificate: this.#directory.write("cert.pem", own.certificate),
        privateKey: this.#directory.write("key.pem", own.key),
        httpPort: this.httpPort,
        tlsPort: freePort(),
      },
    });
    Deno.chmodSync(this.#directory.path, 0o755);
    await this.#run("pebble-challtestsrv", /management server/i, [
      ...["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""],
      ...["-defaultIPv4", address, "-dns01", `127.0.0.1:${this.#dnsPort}`],
      ...["-management", `127.0.0.1:${this.#managementPort}`],
    ]);
    const dns = ["-dnsserver", `127.0.0.1:${this.#dnsPort}`];
    await this.#run("pebble", /ACME directory available/, ["-config", config, ...dns]);
  }

  async #run(program: string, ready: RegExp, args: readonly string[]): Promise<void> {
    const child = new Deno.Command(program, {
      args: [...args],
      env: { PEBBLE_VA_NOSLEEP: "1", PEBBLE_AUTHZREUSE: "0" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#children.push(child);
    const said: string[] = [];
    const hear = (text: string) => {
      said.push(text);
      this.#said.push(text);
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.pipeThrough(new TextDecoderStream()).pipeTo(new WritableStream({ write: hear }))
        .catch(() => {}); // it has ended
    }
    await until(
      () => `${program} says ${ready}: ${said.join("")}`,
      () => ready.test(said.join("")),
    );
  }
}
