/**
 * Starts that something holds up. A pipe that nobody writes to stands in for a disk that does not answer: opening it
 * blocks in the same way.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Directory, PROGRAM, run } from "../running.ts";

/** The first that a server with these settings says. It is ended then. */
async function firstSaid(directory: Directory, settings: object): Promise<string> {
  const config = directory.write("postmaster.yaml", {
    hostname: "mx.example.net",
    listen: "127.0.0.1:0",
    domains: ["example.net"],
    users: ["you"],
    "handlers-as-root": true,
    "state-directory": directory.of("state"),
    ...settings,
  });
  const [program, ...args] = [...PROGRAM, "--config", config];
  const options = { args, stdin: "null", stdout: "null", stderr: "piped" } as const;
  const server = new Deno.Command(program!, options).spawn();
  try {
    for await (const text of server.stderr.pipeThrough(new TextDecoderStream())) return text;
    return "";
  } finally {
    server.kill("SIGKILL");
    await server.status;
  }
}

const HELD_UP = [
  {
    key: "aliases",
    value: (file: string) => ({ file }),
    what: "the configuration and the files that it names",
  },
  { key: "log", value: (pipe: string) => ({ file: pipe }), what: "the log " },
];

Deno.test("a start that a file holds up says for which", async () => {
  const said = await Promise.all(HELD_UP.map(async ({ key, value }) => {
    using directory = new Directory();
    const pipe = directory.of("pipe");
    assert.equal((await run("mkfifo", [pipe])).code, 0);
    return await firstSaid(directory, { [key]: value(pipe) });
  }));
  for (const [i, { what }] of HELD_UP.entries()) {
    assert.match(
      said[i]!,
      new RegExp(`^postmaster: the start waits, for 5 seconds now, for .*${what}`),
    );
  }
});
