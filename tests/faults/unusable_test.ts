/**
 * Queues that a server cannot use: it says why, and leaves them as they are.
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { needOwnMounts, needRoot } from "../need.ts";
import {
  complaint,
  Directory,
  postmaster,
  PROGRAM,
  Running,
  sendMail,
  type Settings,
  until,
} from "../running.ts";

/** Mail is deferred until there is a file `go`. */
const waiting = (more: Settings = {}) => (directory: Directory): Settings => ({
  mailer: {
    command: ["sh", "-c", `[ -e "$0/go" ] || exit 75; cat >> "$0/mail"`, directory.path],
  },
  queue: { retry: ["1 s"] },
  ...more,
});

async function send(server: Running, text = "Subject: hello\r\n\r\nhello\r\n"): Promise<number> {
  const client = await server.connect();
  const code = await sendMail(client, "you@example.net", text);
  await client.command("QUIT");
  return code!;
}

/** What a server says that does not start. */
async function refusal(directory: Directory, settings: Settings = {}): Promise<string> {
  const config = { ...JSON.parse(directory.read("postmaster.yaml")), ...settings };
  const other = directory.write("other.yaml", config);
  const { code, stderr } = await postmaster("run", "--config", other);
  assert.equal(code, 1, stderr);
  return complaint(stderr);
}

/** Ways to make a file unusable, and what is said of each. */
const UNUSABLE: readonly (readonly [string, (file: string) => void, RegExp])[] = [
  ["of a later version", (file) => {
    using database = new DatabaseSync(file);
    database.exec("PRAGMA user_version = 99");
  }, /a later version of the program has written it/],
  [
    "that is no database",
    (file) => Deno.writeTextFileSync(file, "hello\n".repeat(1000)),
    /not a database|damaged/,
  ],
  ["that is cut off", (file) => Deno.truncateSync(file, 9000), /malformed|damaged/],
  ["with pages of something else", (file) => {
    using open = Deno.openSync(file, { write: true });
    open.seekSync(4096, Deno.SeekMode.Start);
    open.writeSync(new Uint8Array(8 * 4096).fill(0xa5));
  }, /malformed|damaged/],
];

Deno.test("a queue that cannot be used is left as it is, and its mail is delivered later", async (t) => {
  using directory = new Directory();
  const file = directory.of("state/queue/queue.sqlite");
  {
    await using server = await Running.start(waiting(), { directory });
    assert.equal(await send(server), 250);
    await t.step("a second server stops, and the first one goes on", async () => {
      assert.match(await refusal(directory), new RegExp(`another server, process ${server.pid}, `));
      assert.equal(await send(server), 250);
    });
    await server.stop();
  }
  const whole = Deno.readFileSync(file);
  for (const [name, spoil, said] of UNUSABLE) {
    await t.step(`a file ${name}`, async () => {
      spoil(file);
      const spoiled = Deno.readFileSync(file);
      const text = await refusal(directory);
      assert.match(text, said);
      assert.ok(text.includes(file), text);
      if (said.test("a later version of the program has written it")) {
        const checked = await postmaster("check", "--config", directory.of("other.yaml"));
        assert.deepEqual([checked.code, complaint(checked.stderr)], [1, text]);
      }
      assert.deepEqual(Deno.readFileSync(file), spoiled);
      Deno.writeFileSync(file, whole);
    });
  }
  await t.step({
    name: "a directory of another user",
    ...needRoot(),
    fn: async () => {
      Deno.chmodSync(directory.path, 0o755);
      const said = await refusal(directory, { user: "nobody" });
      assert.match(said, /`queue\.directory`|`state-directory`/);
    },
  });
  directory.write("go", "");
  await using _server = await Running.start(waiting(), { directory });
  const messages = () => directory.read("mail").split("Subject: ").length - 1;
  await until("both messages are delivered", () => messages() === 2);
});

Deno.test({
  name: "on a full disk messages get 452, and those in the queue are delivered when there is room",
  ...needOwnMounts(),
  fn: async () => {
    const mount = 'mount -t tmpfs -o size=4m tmpfs "$0" && exec "$@"';
    using directory = new Directory();
    Deno.mkdirSync(directory.of("small"));
    await using server = await Running.start(
      waiting({ "state-directory": directory.of("small"), queue: { retry: ["1 s"], reserve: 0 } }),
      {
        directory,
        program: ["unshare", "--mount", "sh", "-c", mount, directory.of("small"), ...PROGRAM],
      },
    );
    const large = `Subject: large\r\n\r\n${`${"x".repeat(70)}\r\n`.repeat(6000)}`;
    let accepted = 0;
    for (let code = await send(server, large); code === 250; code = await send(server, large)) {
      accepted++;
    }
    assert.ok(accepted > 3);
    const small = [await send(server), await send(server)];
    assert.ok(small.every((code) => code === 250 || code === 452), `${small}`);
    directory.write("go", "");
    const messages = () => directory.read("mail").split("Subject: large").length - 1;
    await until(
      () => `${accepted} are delivered, not ${messages()}`,
      () => messages() === accepted,
    );
    await until("there is room", async () => await send(server, large) === 250);
  },
});
