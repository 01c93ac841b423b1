import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { type Change, Table, variablesFile } from "../../src/store/table.ts";
import { Directory } from "../running.ts";

const NOW = Date.UTC(2026, 0, 1);

const row = (name: string, json: string | null, ttl: number | null = null): Change => ({
  name,
  json,
  ttl,
  expires: ttl === null ? null : NOW + ttl,
});

/** Runs `test` with the path of a file in a new directory. */
function withFile(test: (file: string, directory: Directory) => void): void {
  using directory = new Directory();
  test(variablesFile(directory.of("state")), directory);
}

Deno.test("what was written is there after opening again, the last written last", () => {
  withFile((file) => {
    {
      using table = new Table(file);
      assert.deepEqual(table.load(NOW), []);
      table.sync([row("a", "1"), row("b", '"x"', 1000)], NOW);
      table.sync([row("c", "{}")], NOW);
      table.sync([row("a", "2")], NOW);
    }
    using table = new Table(file);
    assert.deepEqual(plain(table.load(NOW)), [
      row("b", '"x"', 1000),
      row("c", "{}"),
      row("a", "2"),
    ]);
    assert.deepEqual(plain([table.find("a", NOW)!]), [row("a", "2")]);
    assert.deepEqual(table.load(NOW + 1000).map(({ name }) => name), ["c", "a"]);
    assert.equal(table.find("b", NOW + 1000), undefined);
  });
});

Deno.test("the file and its directory are for nobody but their owner", () => {
  withFile((file, directory) => {
    new Table(file).close();
    const mode = (path: string) => Deno.statSync(path).mode! & 0o777;
    assert.equal(mode(directory.of("state")), 0o700);
    assert.equal(mode(file), 0o600);
  });
});

Deno.test({
  name: "a file that root makes is its directory's owner's, who may be the server",
  ignore: Deno.uid() !== 0,
  fn: () =>
    withFile((file, directory) => {
      Deno.mkdirSync(directory.of("state"));
      Deno.chownSync(directory.of("state"), 65534, 65534);
      using table = new Table(file);
      table.write([row("a", "1")], NOW);
      for (const name of Deno.readDirSync(directory.of("state"))) {
        assert.equal(Deno.statSync(directory.of(`state/${name.name}`)).uid, 65534, name.name);
      }
    }),
});

Deno.test("each of two sees what the other writes, once, and nothing of its own", () => {
  withFile((file) => {
    using one = new Table(file);
    using other = new Table(file);
    one.load(NOW);
    other.load(NOW);
    assert.deepEqual(one.sync([row("a", "1"), row("b", "1")], NOW), []);
    assert.deepEqual(plain(other.sync([], NOW)), [row("a", "1"), row("b", "1")]);
    assert.deepEqual(other.sync([], NOW), []);
    other.sync([row("a", null)], NOW);
    assert.deepEqual(names(one.sync([row("c", "1")], NOW)), ["a = null"]);
    assert.deepEqual(one.sync([], NOW), []);
    assert.deepEqual(names(other.sync([], NOW)), ["c = 1"]);
  });
});

Deno.test("several may make the file at the same moment", async () => {
  using directory = new Directory();
  const files = Array.from({ length: 50 }, (_, i) => directory.of(`${i}/variables.sqlite`));
  const gate = new SharedArrayBuffer(4 * files.length);
  const threads = 2;
  const failures = await Promise.all(Array.from({ length: threads }, () => {
    const worker = new Worker(new URL("opening_worker.ts", import.meta.url), { type: "module" });
    worker.postMessage({ gate, threads, files });
    return new Promise<string[]>((resolve) => {
      worker.onmessage = ({ data }) => {
        worker.terminate();
        resolve(data);
      };
    });
  }));
  assert.deepEqual(failures.flat(), []);
});

Deno.test("who only looks does not wait for who writes", () => {
  withFile((file) => {
    {
      using table = new Table(file);
      table.write([row("a", "1")], NOW);
    }
    using writer = new DatabaseSync(file);
    writer.exec("BEGIN IMMEDIATE; UPDATE variable SET json = '2'");
    using table = new Table(file);
    assert.deepEqual(plain(table.load(NOW)), [row("a", "1")]);
    assert.deepEqual(plain([table.find("a", NOW)!]), [row("a", "1")]);
  });
});

Deno.test("of changes in both places, what was written first stays, and the other is told", () => {
  withFile((file) => {
    using one = new Table(file);
    using other = new Table(file);
    one.load(NOW);
    other.write([row("a", "0")], NOW);
    assert.deepEqual(names(one.sync([row("a", "6"), row("b", "1")], NOW)), ["a = 0"]);
    assert.deepEqual(names(other.load(NOW)), ["a = 0", "b = 1"]);
    assert.deepEqual(one.sync([row("a", "1")], NOW), []);
    assert.equal(other.find("a", NOW)?.json, "1");
  });
});

Deno.test("rows whose time is over go with the next write, forgotten ones after a minute", () => {
  withFile((file) => {
    using one = new Table(file);
    using other = new Table(file);
    one.sync([row("brief", "1", 1000), row("gone", null)], NOW);
    assert.deepEqual(names(other.sync([], NOW)), ["brief = 1", "gone = null"]);
    one.sync([row("x", "1")], NOW + 999);
    using early = new Table(file);
    assert.deepEqual(names(early.sync([], NOW)), ["brief = 1", "gone = null", "x = 1"]);
    one.sync([row("x", "2")], NOW + 60_000);
    using late = new Table(file);
    assert.deepEqual(names(late.sync([], NOW)), ["x = 2"]);
  });
});

Deno.test("names and values are data, never SQL", () => {
  withFile((file) => {
    using table = new Table(file);
    const nasty = ["'; DROP TABLE variable; --", '"', "%_", "\u{1f600}"];
    table.sync(nasty.map((text) => row(text, JSON.stringify(text))), NOW);
    for (const text of nasty) assert.equal(table.find(text, NOW)?.json, JSON.stringify(text));
    assert.throws(() => table.write([row("x", "no JSON")], NOW), /CHECK/);
    assert.equal(table.load(NOW).length, nasty.length);
  });
});

Deno.test("a file that cannot be used says why and what to do", () => {
  withFile((file, directory) => {
    new Table(file).close();
    const sound = Deno.readFileSync(file);
    const cut = sound.slice();
    cut.fill(0x55, 4096);
    for (
      const [content, wanted] of [
        ["no database", /not a database: move it away/],
        [cut, /malformed.*: move it away/],
      ] as const
    ) {
      if (typeof content === "string") {
        directory.write("state/variables.sqlite", content.repeat(99));
      } else Deno.writeFileSync(file, content);
      assert.throws(() => new Table(file), ({ message }: Error) => {
        assert.ok(message.startsWith(`cannot use ${file}: `), message);
        assert.match(message, wanted);
        return true;
      });
    }
    assert.throws(() => new Table("/proc/no/variables.sqlite"), /set `state-directory` to/);
  });
});

Deno.test("a file of a later version is left alone", () => {
  withFile((file) => {
    new Table(file).close();
    const database = new DatabaseSync(file);
    database.exec("PRAGMA user_version = 99");
    database.close();
    assert.throws(() => new Table(file), /was written by another version/);
  });
});

Deno.test("a file that was moved away is not written to any longer", () => {
  withFile((file) => {
    using table = new Table(file);
    Deno.renameSync(file, `${file}.old`);
    assert.throws(() => table.sync([], NOW), /moved away/);
  });
});

const plain = (rows: readonly Change[]): Change[] => rows.map((one) => ({ ...one }));
const names = (rows: readonly Change[]): string[] =>
  rows.map(({ name, json }) => `${name} = ${json}`);
