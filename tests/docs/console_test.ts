import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import deno from "../../deno.json" with { type: "json" };
import { need } from "../need.ts";
import { COMPILED, Directory, until } from "../running.ts";
import { machineOf, normalized, programsOf, stepsOf } from "./page.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const [, ...run] = (/^deno (.* )main\.ts/.exec(deno.tasks.start)?.[1] ?? "").trim().split(" ");

/** Stands for npx, which would download Deno: runs the task `start` as deno.json has it, and nothing else. */
const NPX = `#!/bin/sh
test "$*" = "-y deno@2.9.6 task start" || exit 64
exec postmaster ${deno.tasks.start.replace(/^.* main\.ts /, "")}
`;

/** Milliseconds for mail to arrive. */
const PATIENCE = 10_000;

/** A directory in which `postmaster`, and `./postmaster`, is a command. */
class Shell {
  readonly directory = new Directory();
  readonly #servers: Deno.ChildProcess[] = [];

  constructor() {
    Deno.chmodSync(this.directory.path, 0o755); // for whoever the server becomes
    for (const name of [".bin", "tmp"]) Deno.mkdirSync(this.directory.of(name));
    const sources = [Deno.execPath(), "run", `--config=${root}deno.json`, ...run, `${root}main.ts`];
    const command = COMPILED === undefined ? sources : [COMPILED];
    const script = `#!/bin/sh\nexec ${command.join(" ")} "$@"\n`;
    Deno.chmodSync(this.directory.write("postmaster", script), 0o755);
    Deno.symlinkSync(this.directory.of("postmaster"), this.directory.of(".bin/postmaster"));
    for (const name of ["docs", "docs/examples"]) Deno.mkdirSync(this.directory.of(name));
    this.write(
      "docs/examples/start.yaml",
      Deno.readTextFileSync(`${root}docs/examples/start.yaml`),
    );
    Deno.chmodSync(this.directory.write(".bin/npx", NPX), 0o755);
  }

  /** Writes a file. What the page has in `/tmp` is in the directory. */
  write(name: string, text: string): void {
    this.directory.write(name, text.replaceAll("/tmp/", this.directory.of("tmp/")));
  }

  /** Runs a command and gives what it prints; one that ends in `&` goes on, and is given until it listens. */
  async type(command: string): Promise<string> {
    const output = await this.#type(command.replaceAll("/tmp/", this.directory.of("tmp/")));
    return output.replaceAll(this.directory.of("tmp/"), "/tmp/");
  }

  /** As {@linkcode type}. What shows a file is typed until it shows what is wanted: mail is delivered after the reply. */
  async typeInTime(command: string, wanted: string): Promise<string> {
    let output = await this.type(command);
    const end = Date.now() + PATIENCE;
    while (command.startsWith("cat ") && normalized(output) !== wanted && Date.now() < end) {
      output = await this.type(command);
    }
    return output;
  }

  async #type(command: string): Promise<string> {
    if (!command.endsWith("&")) {
      const { stdout } = await this.#command(`exec 2>&1\n${command}`, "piped").output();
      return new TextDecoder().decode(stdout);
    }
    const server = this.#command(`exec ${command.slice(0, -1)} > .output 2>&1`, "null").spawn();
    this.#servers.push(server);
    await until(`it listens: ${command}`, () => /\bstarted\b/.test(this.directory.read(".output")));
    return this.directory.read(".output").replace(/^.*\bruns as root\b.*\n/m, ""); // whoever runs the tests
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) {
      server.kill("SIGTERM");
      await server.status;
    }
    this.directory[Symbol.dispose]();
  }

  #command(script: string, stdout: "piped" | "null"): Deno.Command {
    return new Deno.Command("sh", {
      args: ["-c", script],
      cwd: this.directory.path,
      env: {
        PATH: `${this.directory.of(".bin")}:${Deno.env.get("PATH")}`,
        STATE_DIRECTORY: this.directory.of("state"),
        NO_COLOR: "1",
      },
      stdin: "null",
      stdout,
    });
  }
}

/** Those that the compiled program shows: the second has each command. */
const SHORT = ["README.md", "docs/commands.md"];

const documents = [...Deno.readDirSync(`${root}docs`)]
  .filter(({ name }) => name.endsWith(".md"))
  .map(({ name }) => `docs/${name}`);
const pages = (COMPILED === undefined ? ["README.md", ...documents] : SHORT)
  .map((name) => ({ name, text: Deno.readTextFileSync(`${root}${name}`) }))
  .filter(({ text }) => machineOf(text) === undefined) // setup_test.ts has those
  .map(({ name, text }) => ({ name, steps: stepsOf(text), programs: programsOf(text) }))
  .filter(({ steps }) => steps.some((step) => "command" in step));

for (const { name, steps, programs } of pages) {
  Deno.test({
    name: `what ${name} shows on the console is what comes out`,
    ...need(...programs),
    fn: async () => {
      await using shell = new Shell();
      for (const step of steps) {
        if ("file" in step) shell.write(step.file, step.content);
        else {
          const output = await shell.typeInTime(step.command, normalized(step.output));
          assert.equal(
            normalized(output),
            normalized(step.output),
            `$ ${step.command}\n${output}`,
          );
        }
      }
    },
  });
}
