/**
 * Opening a log.
 *
 * @module
 */
import assert from "node:assert/strict";
import { getConfig, getLogger } from "@logtape/logtape";
import { type LogEvent } from "../../src/log/event.ts";
import { type Level, LEVEL_OF, LEVELS } from "../../src/log/levels.ts";
import { openLog } from "../../src/log/open.ts";

const EVENTS = Object.keys(LEVEL_OF) as LogEvent[];

/** What is in a log file after `write` has logged. */
async function logged(
  level: Level,
  write: (log: Awaited<ReturnType<typeof openLog>>["log"]) => void,
): Promise<string[]> {
  const file = await Deno.makeTempFile();
  try {
    const { log, close } = await openLog({ level, format: "text", sinks: { file } });
    write(log);
    await close();
    return (await Deno.readTextFile(file)).split("\n").slice(0, -1);
  } finally {
    await Deno.remove(file);
  }
}

for (const level of LEVELS) {
  Deno.test(`a log at level ${level} writes the events it wants and no others`, async () => {
    let wanted: LogEvent[] = [];
    const lines = await logged(level, (log) => {
      wanted = EVENTS.filter((event) => log.wants(event));
      for (const event of EVENTS) log(event, {} as never);
    });
    const expected = EVENTS.filter((e) => LEVELS.indexOf(LEVEL_OF[e]) >= LEVELS.indexOf(level));
    assert.deepEqual(wanted, expected);
    assert.deepEqual(lines.map((line) => line.slice("2026-11-22T20:00:00.000Z ".length)), [
      ...expected.map((event) => `${LEVEL_OF[event].padEnd(5)} ${event}`),
    ]);
  });
}

Deno.test("a log never throws, whatever its fields do", async () => {
  const fields = Object.defineProperty({ sessions: 1 }, "reason", {
    enumerable: true,
    get: () => {
      throw new Error("no");
    },
  }) as unknown as { sessions: number; reason: string };
  const lines = await logged("info", (log) => {
    log("stopping", fields);
    log("stopping", null as never);
    log("stopped", { sessions: 1 });
  });
  assert.match(lines.at(-1)!, /stopped sessions=1$/);
});

Deno.test("what is logged with LogTape is in the log while it is open", async () => {
  const lines = await logged("info", () => {
    getLogger(["greylist"]).info("{count} waiting", { count: 3 });
    getLogger(["greylist"]).debug("not wanted");
  });
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /info {2}greylist text="3 waiting" count=3$/);
  assert.equal(getConfig(), null);
});

Deno.test("two logs can be open, each with its own level", async () => {
  let inner: string[] = [];
  const file = await Deno.makeTempFile();
  const outer = await openLog({ level: "warning", format: "json", sinks: { file } });
  inner = await logged("debug", (log) => {
    for (const each of [log, outer.log]) {
      each("stopped", { sessions: 0 });
      each("refused", { session: "s", peer: "a", listener: "b", reason: "c" });
    }
  });
  await outer.close();
  assert.equal(inner.length, 2);
  assert.equal(JSON.parse(await Deno.readTextFile(file)).message, "refused");
  await Deno.remove(file);
});

Deno.test("the log on the standard error has no colours where that is no terminal", async () => {
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const module = import.meta.resolve("../../src/log/open.ts");
  const script = `import { openLog } from ${JSON.stringify(module)};
    const sinks = { stderr: true };
    const { log, close } = await openLog({ level: "info", format: "text", sinks });
    log("stopping", { reason: "the \\x1b[31mend", sessions: 1 });
    await close();`;
  const { stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--quiet",
      "--no-check",
      `--config=${config}`,
      `data:text/typescript,${encodeURIComponent(script)}`,
    ],
    stdout: "null",
  }).output();
  const text = new TextDecoder().decode(stderr);
  assert.equal(code, 0, text);
  assert.match(text, /^\S+Z info {2}stopping reason="the \\u001b\[31mend" sessions=1\n$/);
});
