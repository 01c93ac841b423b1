/**
 * The server's side of the launcher.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { failureOf } from "../base/tried.ts";
import { within } from "../base/within.ts";
import { type Ids, isOwn } from "../targets/identity.ts";
import { type Launch, launcher, type Order } from "../targets/launch.ts";
import { firstLine } from "./frames.ts";
import { type Grant, grantFor } from "./grants.ts";
import type { Terms } from "./launcher.ts";
import { RemoteProcess } from "./remote_process.ts";

/** Milliseconds that the launcher may take to end. */
const PATIENCE = 2000;

/** The permissions of a launcher. */
const FLAGS = [
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  "--allow-net",
  "--allow-env",
  "--allow-sys",
];

/** A launcher that this process has started. */
export class RemoteLauncher implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #terms: Terms;
  #path = "";

  private constructor(terms: Terms) {
    const program = Deno.build.standalone ? [] : ["run", ...FLAGS, Deno.mainModule];
    this.#terms = terms;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...program, "launcher"],
      cwd: "/",
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
  }

  /**
   * Starts a launcher, which stays root.
   *
   * @param self the user and group that the server is going to have
   * @param most mailers at once
   * @throws {Error} if it does not start
   */
  static async start(grants: readonly Grant[], self: Ids, most: number): Promise<RemoteLauncher> {
    const key = randomBytes(32).toString("hex");
    const { uid, gid } = self;
    const launcher = new RemoteLauncher({ grants, key, uid, gid, most });
    await launcher.#instruct();
    return launcher;
  }

  /** Starts mailers of the server's own user from this process, and others from the launcher. */
  get launch(): Launch {
    const here = launcher();
    const { uid, grants } = this.#terms;
    const refusal: Launch["refusal"] = (identity, { template, user = uid, group }) =>
      isOwn(identity)
        ? undefined
        : failureOf(() => grantFor({ template, user, group }, identity, grants));
    const launch: Launch = (argv, identity, order) =>
      isOwn(identity) ? here(argv, identity) : this.#order(order);
    return Object.assign(launch, { refusal });
  }

  /** Fulfilled when the launcher has ended. */
  get ended(): Promise<unknown> {
    return this.#child.status;
  }

  /** Ends the launcher and its mailers. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await within(this.#child.status, PATIENCE);
  }

  async #instruct(): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(this.#terms)}\n`));
    const reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#path = (await firstLine(reader, "the launcher of mailers does not start")).trim();
  }

  #order(order: Order): Promise<RemoteProcess> {
    const { key, uid } = this.#terms;
    const { template, recipients, user = uid, group } = order;
    const what = { key, order: { template, recipients, user, group } };
    return RemoteProcess.start(this.#path, JSON.stringify(what));
  }
}
