import assert from "node:assert/strict";
import { mailer } from "../../../src/cli/init/template.ts";
import { pipe, pipeType } from "../../../src/targets/pipe.ts";
import { Directory } from "../../running.ts";
import { deliver, MEGABYTES_30 } from "../../targets/deliver.ts";

/** The command that init writes for Maildirs in a directory. */
const commandFor = (directory: string) =>
  mailer({ mailer: "maildir", user: undefined }, directory).command;
const maildirIn = (directory: string) => pipe(commandFor(directory));
const type = pipeType();

/** The messages of a user, whole. */
const messagesIn = (folder: string): string[] =>
  [...Deno.readDirSync(folder)].map(({ name }) => Deno.readTextFileSync(`${folder}/${name}`));

Deno.test("maildir: each recipient has a file for nobody else, also for the same message at once", async () => {
  using directory = new Directory();
  const recipients = ["joe@example.net", "joe@example.org", "jane@example.net", "joe@example.net"];
  const { outcomes } = await deliver(type, maildirIn(directory.of("it's {mail}")), { recipients });
  assert.deepEqual(outcomes.map(({ result }) => result), Array(4).fill("delivered"));
  const joe = directory.of("it's {mail}/joe");
  assert.deepEqual(
    messagesIn(`${joe}/new`).map((text) => /^Delivered-To: (.*)$/m.exec(text)?.[1]).sort(),
    ["joe@example.net", "joe@example.net", "joe@example.org"],
  );
  for (const text of messagesIn(`${joe}/new`)) {
    assert.match(text, /^Return-Path: <jane@example\.org>\n[^]*\n\nHello!\n$/);
  }
  assert.deepEqual([...Deno.readDirSync(`${joe}/tmp`), ...Deno.readDirSync(`${joe}/cur`)], []);
  assert.equal(messagesIn(directory.of("it's {mail}/jane/new")).length, 1);
  for (const { name } of Deno.readDirSync(`${joe}/new`)) {
    assert.equal(Deno.statSync(`${joe}/new/${name}`).mode! & 0o777, 0o600);
  }
});

Deno.test("maildir: what cannot be written is deferred, not lost and not seen", async () => {
  using directory = new Directory();
  directory.write("joe", "this is no directory");
  const target = maildirIn(directory.path);
  const { outcomes } = await deliver(type, target);
  assert.equal(outcomes[0]?.result, "deferred");

  const full = pipe([
    "/bin/sh",
    "-c",
    'ulimit -f 8; exec "$@"',
    "sh",
    ...commandFor(directory.path),
  ]);
  const recipients = ["jane@example.net"];
  const cut = await deliver(type, full, { recipients, message: MEGABYTES_30 });
  assert.equal(cut.outcomes[0]?.result, "deferred");
  assert.deepEqual([...Deno.readDirSync(directory.of("jane/new"))], []);
});
