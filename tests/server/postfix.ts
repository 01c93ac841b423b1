/**
 * A Postfix of one's own, which nothing on the machine knows of.
 *
 * @module
 */
import { runClient } from "../clients.ts";
import { need, needRoot } from "../need.ts";
import { Directory, until } from "../running.ts";
import { SERVICES } from "./postfix_services.ts";

/** Spread into the definition of a test that starts a Postfix. */
export const needPostfix = (...programs: readonly string[]): { ignore: boolean } => ({
  ignore: need("postfix", ...programs).ignore || needRoot().ignore,
});

/** A message in the queue, as `postqueue -j` has it. */
export interface Queued {
  readonly queue_name: string;
  readonly sender: string;
  readonly recipients: readonly { readonly address: string; readonly delay_reason?: string }[];
}

/** A running Postfix. */
export class Postfix {
  readonly #directory: Directory;

  private constructor(directory: Directory) {
    this.#directory = directory;
  }

  /**
   * Starts one with these lines of `main.cf` and `master.cf` besides those that every Postfix needs. Mail for its own
   * users, such as bounces, is discarded.
   */
  static async start(main: string, services = ""): Promise<Postfix> {
    const directory = new Directory();
    const postfix = new Postfix(directory);
    for (const name of ["etc", "spool", "data"]) Deno.mkdirSync(directory.of(name));
    Deno.chmodSync(directory.path, 0o755);
    const own = `compatibility_level = 3.6
queue_directory = ${directory.of("spool")}
data_directory = ${directory.of("data")}
maillog_file = ${directory.of("maillog")}
maillog_file_prefixes = ${directory.path}
myhostname = client.example.org
mydestination = example.org
local_transport = discard:
local_recipient_maps =
inet_protocols = ipv4
alias_maps =
`;
    directory.write("etc/main.cf", own + main);
    directory.write("etc/master.cf", SERVICES + services);
    try {
      await runClient("chown", ["postfix", directory.of("data")]);
      await runClient("postfix", ["-c", postfix.etc, "start"]);
    } catch (error) {
      directory[Symbol.dispose]();
      throw error;
    }
    return postfix;
  }

  /** The directory of its configuration. */
  get etc(): string {
    return this.#directory.of("etc");
  }

  /** The directory of its queue, and of the sockets of others. */
  get spool(): string {
    return this.#directory.of("spool");
  }

  /** What it has logged so far. */
  get log(): string {
    return this.#directory.read("maillog");
  }

  /** Waits for a line of the log. */
  logs(pattern: RegExp): Promise<string> {
    return until(
      () => `Postfix logs ${pattern}; its log: ${this.log}`,
      () => this.log.match(pattern)?.[0],
    );
  }

  /** Hands in a message by its `sendmail`. */
  async send(recipients: readonly string[], message: string, ...args: string[]): Promise<void> {
    const envelope = ["-f", "ann@example.org", ...args, "--", ...recipients];
    await runClient("sendmail", ["-C", this.etc, "-i", ...envelope], message);
  }

  /** What waits in its queue. */
  async queue(): Promise<Queued[]> {
    const lines = await runClient("postqueue", ["-c", this.etc, "-j"]);
    return lines.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await runClient("postfix", ["-c", this.etc, "stop"]);
    this.#directory[Symbol.dispose]();
  }
}
