/**
 * A real Dovecot that takes mail.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { Directory, until } from "../running.ts";

/** A Dovecot in a directory of its own. Root starts it. */
export class Dovecot implements AsyncDisposable {
  readonly directory: Directory = new Directory();
  readonly #child: Deno.ChildProcess;

  private constructor(settings: (directory: Directory) => string) {
    const { directory } = this;
    Deno.chmodSync(directory.path, 0o755); // its services are other users'
    directory.write(
      "dovecot.conf",
      `base_dir = ${directory.of("base")}
state_dir = ${directory.of("dovecot-state")}
log_path = ${directory.of("dovecot.log")}
ssl = no
auth_failure_delay = 0
service anvil {
  chroot =
}
${settings(directory)}
`,
    );
    this.#child = new Deno.Command("setsid", {
      args: ["dovecot", "-F", "-c", directory.of("dovecot.conf")],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /** Starts one, and waits for a socket of its own. */
  static async start(
    settings: (directory: Directory) => string,
    socket: (directory: Directory) => string,
  ): Promise<Dovecot> {
    const dovecot = new Dovecot(settings);
    const { directory } = dovecot;
    await until(
      () => `Dovecot listens; it says ${directory.read("dovecot.log")}`,
      () => existsSync(socket(directory)),
    );
    return dovecot;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const group = -this.#child.pid;
    try {
      Deno.kill(group, "SIGTERM");
    } catch { /* it has ended */ }
    await this.#child.status;
    this.directory[Symbol.dispose]();
  }
}
