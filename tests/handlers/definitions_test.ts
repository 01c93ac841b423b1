import assert from "node:assert/strict";
import { parse } from "yaml";
import { readyMade } from "../../handlers/registry.ts";
import { kebabCase } from "../../src/base/kinds.ts";
import { readingIn } from "../../src/base/reading.ts";
import { handlerEntry } from "../../src/handler/entry.ts";
import { eventsOf, handlerNames } from "../../src/handler/handler.ts";
import { after, ask, before } from "postmaster/testing";
import * as handlers from "../../handlers/mod.ts";
import { Directory } from "../running.ts";

const entry = handlerEntry(readyMade, "a handler");

/** What a configuration in this directory makes of an item of `handlers`. */
const read = (directory: string, item: unknown) => readingIn(directory, () => entry.parse(item));

Deno.test("every ready-made handler says what it does, and its example makes a handler", () => {
  using directory = new Directory();
  directory.write("users", "joe@example.net: joe\n");
  directory.write("lists", "team@example.net: joe@example.net\n");
  for (const [name, { summary, example, ends }] of readyMade) {
    assert.match(summary, /^[A-Z][^]*\.$/, name);
    const items = parse(example.replaceAll("/etc/postmaster", directory.path));
    const made = [items].flat().map((item) => read(directory.path, item));
    assert.ok(made.every(({ ready }) => ready !== undefined) && example.includes(name), name);
    const itself = made.find(({ ready }) => handlerNames(ready!).includes(name));
    for (const event of itself === undefined ? [] : ends?.(itself.options) ?? []) {
      assert.ok(eventsOf(itself!.ready!)?.has(event), name);
    }
  }
});

Deno.test("every ready-made handler leaves deliveries alone, unless it is told otherwise", async () => {
  using directory = new Directory();
  directory.write("users", "joe@example.net: joe\n");
  directory.write("lists", "team@example.net: joe@example.net\n");
  const outcome = { result: "failed", status: "5.1.1", reason: "nobody here" } as const;
  for (const [name, { example }] of readyMade) {
    const items = parse(example.replaceAll("/etc/postmaster", directory.path));
    for (const { ready } of [items].flat().map((item) => read(directory.path, item))) {
      const reply = await ask(ready!, before("ann@example.org"), { mailFrom: "joe@example.net" });
      assert.deepEqual(reply.routes?.map(({ target }) => target.target), ["relay"], name);
      assert.equal((await ask(ready!, after("ann@example.org", { outcome }))).code, 250, name);
    }
  }
});

Deno.test("every ready-made handler refuses options that it does not know", () => {
  for (const name of readyMade.keys()) {
    assert.throws(() => read("/", { [name]: { nonsense: 5 } }), { name: "ZodError" }, name);
  }
});

Deno.test("every file that defines a handler is named after it, and registered", () => {
  const folder = new URL("../../handlers/", import.meta.url);
  const files = [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile);
  const names = files.flatMap(({ name: file }) => {
    const source = Deno.readTextFileSync(new URL(file, folder));
    const defined = [...source.matchAll(/=\s+defineHandler\(\{\s+name: "([a-z-]+)"/g)].map((
      [, name],
    ) => name!);
    if (defined.length > 0) assert.deepEqual(defined, [file.slice(0, -3).replaceAll("_", "-")]);
    return defined;
  });
  assert.deepEqual(names.sort(), [...readyMade.keys()].sort());
});

Deno.test("a ready-made handler has the same name in TypeScript, but for the case", () => {
  const functions = new Set(Object.keys(handlers).map(kebabCase));
  for (const name of readyMade.keys()) assert.ok(functions.has(name), name);
});

Deno.test("options are in camelCase in TypeScript, and in kebab-case in a configuration", () => {
  const written = { "ipv4-prefix": 16 };
  assert.ok(read("/", { greylist: written }).ready);
  assert.throws(
    () => read("/", { greylist: { ipv4Prefix: 16 } }),
    /unknown key `ipv4Prefix`.*`ipv4-prefix`/,
  );
  assert.ok(handlers.greylist({ ipv4Prefix: 16 }));
  assert.throws(
    () => handlers.greylist(written as object),
    /unknown key `ipv4-prefix`.*`ipv4Prefix`/,
  );
  assert.throws(
    () => handlers.when({ if: { timeZone: "UTC", tls: true }, then: "trace" }),
    /`leapYear`.*"timeZone"/s,
  );
});

Deno.test("what only TypeScript can say is no key in a configuration", () => {
  assert.throws(
    () => read("/", { "virtual-users": { file: "/dev/null", deliver: "joe" } }),
    /unknown key `deliver`/,
  );
});
