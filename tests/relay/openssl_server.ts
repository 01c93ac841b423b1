/**
 * The TLS of old servers, by openssl(1).
 *
 * @module
 */
import { freePort, isListening } from "../ports.ts";
import { Directory, until } from "../running.ts";

/** A running `openssl s_server`, with a key of this kind that it signs itself. */
export class OpensslServer implements AsyncDisposable {
  readonly port: number = freePort();
  readonly #directory = new Directory();
  readonly #child: Deno.ChildProcess;

  private constructor(key: readonly string[], args: readonly string[]) {
    const files = ["-keyout", this.#directory.of("key"), "-out", this.#directory.of("cert")];
    const request = ["req", "-x509", "-nodes", "-subj", "/CN=old", "-days", "9", "-newkey", ...key];
    new Deno.Command("openssl", { args: [...request, ...files], stderr: "null" }).outputSync();
    this.#child = new Deno.Command("openssl", {
      args: [
        ...["s_server", "-accept", `127.0.0.1:${this.port}`, "-quiet"],
        ...["-key", this.#directory.of("key"), "-cert", this.#directory.of("cert")],
        ...["-cipher", "ALL:@SECLEVEL=0", ...args],
      ],
      ...{ stdin: "null", stdout: "null", stderr: "null" },
    }).spawn();
  }

  static async start(key: readonly string[], args: readonly string[]): Promise<OpensslServer> {
    const server = new OpensslServer(key, args);
    await until("openssl listens", () => isListening(server.port));
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    this.#directory[Symbol.dispose]();
  }
}
