/**
 * The whole program from outside: its commands and its servers.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConnectionOptions } from "node:tls";
import { parseListen } from "../src/net/address.ts";
import { Client } from "../src/testing/client.ts";
import { PROGRAM, ROOT } from "./program.ts";
import { CAN_STAY, type Ended, Resident } from "./resident_process.ts";
import { ownProcess, type ServerProcess, sharedProcess } from "./server_process.ts";

export { COMPILED, PROGRAM, ROOT, RUN } from "./program.ts";
export type { Ended } from "./resident_process.ts";

/** Milliseconds for anything that should happen. */
const PATIENCE = 60_000;

/** Waits until `look` finds something and returns that. */
export async function until<T>(
  what: string | (() => string),
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (const end = Date.now() + PATIENCE; Date.now() < end;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`waited in vain until ${typeof what === "string" ? what : what()}`);
}

/** A directory of a test's own. */
export class Directory {
  readonly path: string = Deno.makeTempDirSync({ prefix: "postmaster-test-" });

  /** The path of a file in it. */
  readonly of = (name: string): string => join(this.path, name);

  /**
   * Writes a file and returns its path. What is no text becomes JSON, which is YAML too. A configuration that does not
   * say who reads the mail for postmaster names the first of its users.
   */
  write(name: string, content: string | object): string {
    const value = name.endsWith(".yaml") ? withPostmaster(content) : content;
    const text = typeof value === "string" ? value : JSON.stringify(value, undefined, 2);
    Deno.writeTextFileSync(this.of(name), text);
    return this.of(name);
  }

  /** What a file holds, as Latin-1; `""` if there is none. */
  read(name: string): string {
    try {
      return readFileSync(this.of(name), "latin1");
    } catch (error) {
      if ((error as { readonly code?: string }).code === "ENOENT") return "";
      throw error;
    }
  }

  /** The names of the files in it. */
  list(): string[] {
    return [...Deno.readDirSync(this.path)].map(({ name }) => name);
  }

  /** Removes it. A mailer whose server was killed may still make a file in it. */
  [Symbol.dispose](): void {
    const end = Date.now() + 5000;
    for (;;) {
      try {
        return Deno.removeSync(this.path, { recursive: true });
      } catch (error) {
        const isRefilled = (error as { readonly code?: string }).code === "ENOTEMPTY";
        if (!isRefilled || Date.now() > end) throw error;
      }
    }
  }
}

function withPostmaster(config: string | object): string | object {
  if (typeof config === "string" || "postmaster" in config) return config;
  const { users = [], aliases = {}, domains = ["example.net"] }: Settings = { ...config };
  if (JSON.stringify([users, aliases]).includes('"postmaster')) return config;
  if (!Array.isArray(users)) return { ...config, postmaster: `you@${(domains as string[])[0]}` };
  const [first] = users;
  return first === undefined
    ? { ...config, users: ["postmaster"] }
    : { ...config, postmaster: first };
}

/** Runs a program to its end, with this standard input. */
export async function run(
  program: string,
  args: readonly string[],
  input: string | Uint8Array = "",
): Promise<Ended> {
  const child = new Deno.Command(program, {
    args: [...args],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const body = typeof input === "string" ? new TextEncoder().encode(input) : input;
  const fed = new Blob([new Uint8Array(body)]).stream().pipeTo(child.stdin).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  await fed;
  return {
    code,
    stdout: new TextDecoder().decode(stdout),
    stderr: new TextDecoder().decode(stderr),
  };
}

/**
 * Runs a module, given as its text, in a process of its own, and returns what it prints: for what a whole process
 * has only one of, such as its environment. It imports as from the repository's directory.
 *
 * @param before shell commands that prepare the process
 */
export async function runApart(before: string, module: string): Promise<string> {
  const shell = `${before}\nexec "$0" run --allow-all --quiet -`;
  const { code, stdout, stderr } = await run("sh", ["-c", shell, Deno.execPath()], module);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** What a program that has failed says besides the lines of its log. */
export const complaint = (stderr: string): string => stderr.replace(/^\d{4}-\d\d-\d\dT.*\n/gm, "");

/** The commands that main.ts runs by itself: they are their own programs. */
const OF_MAIN: ReadonlySet<unknown> = new Set(["sendmail", "deliver"]);

/** Runs a command of the program to its end. It may share a process with other commands. */
export const postmaster = (...args: readonly string[]): Promise<Ended> => feed("", ...args);

/** As {@linkcode postmaster}, with this standard input. */
export async function feed(
  input: string | Uint8Array,
  ...args: readonly string[]
): Promise<Ended> {
  if (!CAN_STAY || OF_MAIN.has(args[0])) {
    return await run(PROGRAM[0]!, [...PROGRAM.slice(1), ...args], input);
  }
  using directory = new Directory();
  const path = directory.of("input");
  const octets = typeof input === "string" ? new TextEncoder().encode(input) : input;
  Deno.writeFileSync(path, octets);
  return await Resident.take().run({ args, input: path, env: {} });
}

/** What a test's server is told, besides that it serves `you@example.net` on a port of its own. */
export type Settings = Readonly<Record<string, unknown>>;

/** What is unusual about the start of a server. */
export interface StartOptions {
  /** Further arguments of the command line. */
  readonly args?: readonly string[];
  /** Shell commands that are run in the server's process before it becomes the server. */
  readonly before?: string;
  /** What to start instead: a compiled program. */
  readonly program?: readonly string[];
  /** The directory of an earlier server; it stays when this one is disposed of. */
  readonly directory?: Directory;
  /** Whether nothing else has run in its process: for what depends on the process. */
  readonly alone?: boolean;
}

/** A running server. */
export class Running {
  readonly directory: Directory;
  /** What it has logged so far. */
  readonly log: string[] = [];
  readonly #process: ServerProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #logged: Promise<void>;
  readonly #ownsDirectory: boolean;
  /** It will log nothing any more. */
  #silent = false;
  /** Until when nothing is read of what it logs. */
  #stalled: PromiseWithResolvers<void> | undefined;

  private constructor(process: ServerProcess, directory: Directory, ownsDirectory: boolean) {
    this.#process = process;
    this.#ownsDirectory = ownsDirectory;
    this.directory = directory;
    this.#reader = process.stderr.getReader();
    this.#logged = this.#read();
  }

  /**
   * Starts a server and waits until it listens. Without a `mailer` in the settings, mail is appended to the
   * file `mail` in its directory, and without `queue` or `deliver` there is no queue; without settings, there is no
   * configuration.
   */
  static async start(
    settings: (directory: Directory) => Settings | undefined = () => ({}),
    { args = [], before = "", program = PROGRAM, directory: earlier, alone }: StartOptions = {},
  ): Promise<Running> {
    const directory = earlier ?? new Directory();
    const own = settings(directory);
    const config = own && directory.write("postmaster.yaml", {
      hostname: "mx.example.net",
      listen: "127.0.0.1:0",
      domains: ["example.net"],
      users: ["you"],
      "handlers-as-root": true, // whoever runs the tests
      mailer: { command: ["tee", "-a", directory.of("mail")] },
      "state-directory": directory.of("state"),
      ..."deliver" in own ? {} : { queue: "none" },
      ...own,
    });
    const given = [...config === undefined ? [] : ["--config", config], ...args];
    const env = { STATE_DIRECTORY: directory.of("state") };
    const isUsual = before === "" && program === PROGRAM && !("user" in { ...own }); // there is no way back to root
    const isShared = CAN_STAY && !alone && isUsual;
    const process = isShared
      ? sharedProcess(given, env)
      : ownProcess([...program, ...given], env, before);
    const server = new Running(process, directory, earlier === undefined);
    try {
      await server.logs(/\bstarted\b/);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** What it listens on. */
  get addresses(): string[] {
    const line = this.log.find((line) => /\bstarted\b/.test(line)) ?? "";
    if (line.startsWith("{")) return JSON.parse(line).listen;
    const [, list = ""] = / listen=(\S+)/.exec(line) ?? [];
    return list.split(",").map((address) => address.replaceAll('"', ""));
  }

  /** The port of the first address. */
  get port(): number {
    return Number(this.addresses[0]?.split(":").at(-1));
  }

  /** A client that has been greeted. */
  async connect(
    address: string | undefined = this.addresses[0],
    tls?: ConnectionOptions,
  ): Promise<Client> {
    const client = await Client.connect(parseListen(address ?? ""), tls);
    await client.reply();
    return client;
  }

  /** Waits for a line of the log. */
  logs(pattern: RegExp): Promise<string> {
    const whole = () => `the log says ${pattern}; it says:\n${this.log.join("\n")}`;
    return until(whole, () => {
      const found = this.log.find((line) => pattern.test(line));
      if (found === undefined && this.#silent) throw new Error(`it ended before ${whole()}`);
      return found;
    });
  }

  /** Closes our end of its standard error: nobody reads what it logs from here on. */
  async deafen(): Promise<void> {
    this.#wantsOwnProcess();
    await this.#reader.cancel();
    await this.#logged;
  }

  /** Reads no more of its standard error, which stays open and fills up. */
  stall(): void {
    this.#wantsOwnProcess();
    this.#stalled = Promise.withResolvers();
  }

  /** Octets of memory that the process occupies. */
  memory(): number {
    this.#wantsOwnProcess();
    const status = Deno.readTextFileSync(`/proc/${this.pid}/status`);
    return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Waits for its end and returns its exit code. */
  async ended(): Promise<number> {
    const code = await this.#process.ended;
    this.#stalled?.resolve();
    await this.#logged;
    return code;
  }

  /** Asks it to stop and returns its exit code. */
  stop(): Promise<number> {
    this.kill("SIGTERM");
    return this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.end();
    await this.ended();
    if (this.#ownsDirectory) this.directory[Symbol.dispose]();
  }

  #wantsOwnProcess(): void {
    if (!this.#process.isOwn) throw new Error("this server must be started with `alone: true`");
  }

  async #read(): Promise<void> {
    let rest = "";
    for (let read = await this.#reader.read(); !read.done; read = await this.#reader.read()) {
      const lines = (rest + read.value).split("\n");
      rest = lines.pop() ?? "";
      this.log.push(...lines);
      await this.#stalled?.promise;
    }
    this.#silent = true;
  }
}

/** The commands of a transaction, up to where the message begins. */
export const ENVELOPE: readonly string[] = [
  "MAIL FROM:<ann@example.org>",
  "RCPT TO:<you@example.net>",
  "DATA",
];

/** Sends commands one by one and returns the codes of the replies. */
export async function codes(client: Client, ...commands: readonly string[]): Promise<number[]> {
  const all: number[] = [];
  for (const command of commands) all.push((await client.command(command)).code);
  return all;
}

/** Sends a line and returns the codes of the replies: each bare LF in it has one of its own. */
export async function codesOf(client: Client, line: string): Promise<number[]> {
  client.send(`${line}\r\n`);
  const all: number[] = [];
  for (const _ of line.split("\n")) all.push((await client.reply()).code);
  return all;
}

/** Sends a whole message to `recipient` and returns the code of the reply to it. */
export async function sendMail(
  client: Client,
  recipient = "you@example.net",
  text = "Subject: hello\r\n\r\nhello\r\n",
): Promise<number | undefined> {
  const [helo, mail] = ["EHLO client.example.org", "MAIL FROM:<ann@example.org>"];
  const replies = await codes(client, helo, mail, `RCPT TO:<${recipient}>`, "DATA", `${text}.`);
  return replies.at(-1);
}

/** True while a process with this id runs. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
