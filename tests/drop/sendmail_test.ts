/**
 * `sendmail` and the drop directory, from outside: the whole program, with the server up and down.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Directory, feed, postmaster, PROGRAM, run, Running, type Settings, until } from "../running.ts";
import { needRoot } from "../need.ts";
import { withUsers } from "../user.ts";

/** The settings of a server that takes mail which programs of this machine leave. */
const withDrop = (more: Settings = {}) => (directory: Directory): Settings => {
  Deno.chmodSync(directory.path, 0o755);
  return { drop: { directory: directory.of("drop") }, ...more };
};

/** Sends a message as the user of the tests. */
const sendmail = (directory: Directory, args: readonly string[], text: string) =>
  feed(text, "sendmail", `--drop=${directory.of("drop")}`, ...args);

Deno.test("sendmail hands a message to the server, which completes it", async () => {
  await using server = await Running.start(withDrop());
  const { directory } = server;
  const { mode } = Deno.statSync(directory.of("drop"));
  assert.equal(mode! & 0o7777, 0o1733);
  const { code, stderr } = await sendmail(
    directory,
    ["-t", "-i"],
    "To: You <you@example.net>\nBcc: you@example.net\nSubject: hello\n\nfirst\n.\nlast\n",
  );
  assert.deepEqual([code, stderr], [0, ""]);
  const mail = await until("the mail is there", () => {
    const mail = directory.read("mail");
    return mail.endsWith("last\n") && mail;
  });
  assert.match(mail, /^Received: by mx\.example\.net \(from \w+, user ID \d+\) id /m);
  assert.match(mail, /^Date: /m);
  assert.match(mail, /^Message-ID: /m);
  assert.match(mail, /^From: \w+@example\.net$/m);
  assert.doesNotMatch(mail, /^Bcc/m);
  assert.match(mail, /\n\nfirst\n\.\nlast\n$/);
  await until("the file is gone", () => [...Deno.readDirSync(directory.of("drop"))].length === 0);
});
