/**
 * An HAProxy of one's own.
 *
 * @module
 */
import { Directory, until } from "../running.ts";

/** A running HAProxy. */
export class HAProxy {
  readonly #directory: Directory;
  readonly #child: Deno.ChildProcess;

  private constructor(directory: Directory, child: Deno.ChildProcess) {
    this.#directory = directory;
    this.#child = child;
  }

  /** Starts one with this configuration, which checks often, and waits until the checks find every server well. */
  static async start(configuration: string): Promise<HAProxy> {
    const directory = new Directory();
    const global = `global\n  stats socket ${directory.of("stats")}\n\n`;
    const often = configuration.replace("defaults\n", "defaults\n  default-server inter 300ms\n");
    const file = directory.write("haproxy.cfg", global + often);
    const child = new Deno.Command("haproxy", { args: ["-db", "-q", "-f", file], stdin: "null" })
      .spawn();
    const haproxy = new HAProxy(directory, child);
    try {
      await until("HAProxy's health checks succeed", () => haproxy.#isWell());
    } catch (error) {
      await haproxy[Symbol.asyncDispose]();
      throw error;
    }
    return haproxy;
  }

  /** The last check of every server has found SMTP. */
  async #isWell(): Promise<boolean> {
    const socket = await Deno.connect({ transport: "unix", path: this.#directory.of("stats") })
      .catch(() => undefined);
    if (socket === undefined) return false;
    await socket.write(new TextEncoder().encode("show stat\n"));
    const stdout = await new Response(socket.readable).text();
    const servers = stdout.split("\n").filter((line) => /^\w+,mx1,/.test(line));
    return servers.length > 0 && servers.every((line) => /,UP,.*,L7OK,/.test(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch { /* it has ended */ }
    await this.#child.status;
    this.#directory[Symbol.dispose]();
  }
}
