/**
 * An nginx of one's own.
 *
 * @module
 */
import { need, needFile } from "../need.ts";
import { Directory, until } from "../running.ts";

/** Spread into the definition of a test that starts an nginx. */
export const needNginx = (...programs: readonly string[]): { ignore: boolean } => ({
  ignore: need("nginx", ...programs).ignore ||
    needFile("/usr/lib/nginx/modules/ngx_mail_module.so", "apt-get install libnginx-mod-mail")
      .ignore,
});

/** A running nginx. */
export class Nginx {
  readonly #directory: Directory;
  readonly #child: Deno.ChildProcess;

  private constructor(directory: Directory, child: Deno.ChildProcess) {
    this.#directory = directory;
    this.#child = child;
  }

  /** Starts one with this configuration, and waits until it listens. */
  static async start(configuration: string): Promise<Nginx> {
    const directory = new Directory();
    const http = `http {\n  access_log off;\n`;
    const own = `daemon off;\npid ${directory.of("pid")};\nerror_log ${directory.of("log")};\n`;
    const file = directory.write("nginx.conf", own + configuration.replace("http {\n", http));
    const child = new Deno.Command("nginx", { args: ["-c", file], stdin: "null" }).spawn();
    const nginx = new Nginx(directory, child);
    try {
      await until(
        () => `nginx listens; its log: ${directory.read("log")}`,
        () => directory.read("pid"),
      );
    } catch (error) {
      await nginx[Symbol.asyncDispose]();
      throw error;
    }
    return nginx;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch { /* it has ended */ }
    await this.#child.status;
    this.#directory[Symbol.dispose]();
  }
}
