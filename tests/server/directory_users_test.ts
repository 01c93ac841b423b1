/**
 * Users whom /etc/passwd does not have, but the C library finds: those of libnss-extrausers stand for those of a
 * directory. The server has a mount namespace of its own, in which nsswitch.conf names them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { need, needRoot } from "../need.ts";
import { codes, Directory, PROGRAM, run, Running, sendMail, type Settings } from "../running.ts";

/** A module of the Name Service Switch is no program: the linker knows it. */
function needModule(): { ignore: boolean } {
  if (Deno.env.get("CI") === "true") return { ignore: false };
  const { stdout } = new Deno.Command("/sbin/ldconfig", { args: ["-p"] }).outputSync();
  const ignore = !new TextDecoder().decode(stdout).includes("libnss_extrausers");
  if (ignore) console.warn("skipped: a test needs libnss-extrausers (apt-get install it)");
  return { ignore };
}

const NEEDS = { ignore: needModule().ignore || needRoot().ignore || need("unshare").ignore };

const USER = "extra:x:4711:4711::/nonexistent:/bin/sh\n";

/** Writes what /etc/nsswitch.conf and /var/lib/extrausers are in the namespace, and the shell command that enters it. */
function enter(directory: Directory): string {
  Deno.mkdirSync(directory.of("extrausers"));
  Deno.mkdirSync(directory.of("bin"));
  directory.write("nsswitch.conf", "passwd: files extrausers\ngroup: files extrausers\n");
  directory.write("extrausers/passwd", `${USER}below:x:999:999::/:/bin/sh\n`);
  directory.write("extrausers/group", "extra:x:4711:\nextras:x:4712:extra\n");
  // Says who is asked for, and how many are at once.
  directory.write(
    "bin/getent",
    `#!/bin/sh\necho "+ $3" >> ${directory.of("asked")}\n/usr/bin/getent "$@"\ncode=$?\n` +
      `echo - >> ${directory.of("asked")}\nexit $code\n`,
  );
  Deno.chmodSync(directory.of("bin/getent"), 0o755);
  Deno.chmodSync(directory.path, 0o755);
  const mounts = [
    `mount --bind ${directory.of("nsswitch.conf")} /etc/nsswitch.conf`,
    `mount --bind ${directory.of("extrausers")} /var/lib/extrausers`,
    `export PATH=${directory.of("bin")}:$PATH`,
    'exec "$@"',
  ].join(" && ");
  return `set -- unshare --mount sh -c '${mounts}' sh "$@"`;
}

/** A server for the users of the system in such a namespace. */
const start = (directory: Directory, settings: Settings): Promise<Running> =>
  Running.start(() => ({ users: "passwd", postmaster: "extra", ...settings }), {
    before: enter(directory),
  });

const rcpt = (local: string) => `RCPT TO:<${local}@example.net>`;

Deno.test({
  name: "users of a directory get mail, whatever their case, and nobody else does",
  ...NEEDS,
  async fn() {
    using directory = new Directory();
    await using server = await start(directory, {
      mailer: { command: ["sh", "-c", 'id -un -- "$1"', "sh", "{user}"] },
    });
    using client = await server.connect();
    assert.equal(await sendMail(client, "extra@example.net"), 250);
    assert.equal(await sendMail(client, "EXTRA@example.net"), 250);
    assert.equal(await sendMail(client, "postmaster@example.net"), 250);
    const wanted = ["below", "nosuch", "4711", '"-i"', '"extra:x"', "nobody"];
    assert.deepEqual(
      await codes(client, "MAIL FROM:<>", ...wanted.map(rcpt)),
      [250, ...wanted.map(() => 550)],
    );
    await server.logs(/ delivered .*extra@example\.net/);
  },
});

Deno.test({
  name: "a program runs as a user of a directory, with the groups that he has there",
  ...NEEDS,
  async fn() {
    using directory = new Directory();
    await using server = await start(directory, {
      mailer: { command: ["sh", "-c", "exec >&2; id; exit 1"], user: "extra", group: "extras" },
    });
    using client = await server.connect();
    await sendMail(client, "extra@example.net");
    await server.logs(/uid=4711\(extra\) gid=4712\(extras\)/);
  },
});

Deno.test({
  name: "a directory that is down defers those whom it alone may have",
  ...NEEDS,
  async fn() {
    using directory = new Directory();
    await using server = await start(directory, { aliases: { sales: "extra" } });
    using client = await server.connect();
    const all = ["extra", "nosuch"].map(rcpt);
    assert.deepEqual(await codes(client, "HELO c", "MAIL FROM:<>", ...all), [250, 250, 250, 550]);
    Deno.removeSync(directory.of("extrausers/passwd"));
    const later = ["extra", "nosuch", "other", "sales"].map(rcpt);
    assert.deepEqual(await codes(client, "RSET", "MAIL FROM:<>", ...later), [
      ...[250, 250, 250, 550, 451, 250],
    ], "what is remembered counts");
    await server.logs(/does not find other, nor extra, whom it found before: is extrausers down\?/);
    directory.write("extrausers/passwd", USER.replace("extra", "other") + USER);
    assert.deepEqual(await codes(client, rcpt("other")), [250]);
  },
});

Deno.test({
  name: "who guesses has a name looked up once, and few processes started",
  ...NEEDS,
  async fn() {
    using directory = new Directory();
    await using server = await start(directory, {
      limits: { "refusal-delay": 0, "refused-recipients": 1000 },
    });
    const guess = async () => {
      using client = await server.connect();
      const names = Array.from({ length: 40 }, (_, i) => rcpt(`guess${i}`));
      return await codes(client, "HELO c", "MAIL FROM:<>", ...names);
    };
    const guessed = await Promise.all([guess(), guess(), guess(), guess(), guess(), guess()]);
    assert.deepEqual(new Set(guessed.flat()), new Set([250, 550]));
    const lines = directory.read("asked").trim().split("\n");
    const names = lines.filter((line) => line.startsWith("+ guess"));
    assert.equal(names.length, 40);
    assert.equal(new Set(names).size, 40);
    let running = 0;
    const most = Math.max(...lines.map((line) => line.startsWith("+") ? ++running : --running));
    assert.ok(most <= 4, `${most} at once`);
  },
});

Deno.test({
  name: "check knows the users of a directory, and route where their mail goes",
  ...NEEDS,
  async fn() {
    using directory = new Directory();
    const before = enter(directory);
    const config = directory.write("postmaster.yaml", {
      domains: ["example.net"],
      users: "passwd",
      aliases: { sales: "extra" },
      postmaster: "extra",
      user: "extra",
    });
    const inside = (...args: string[]) =>
      run("sh", ["-c", `${before}\nexec "$@"`, "sh", ...PROGRAM, ...args]);
    const checked = await inside("check", "--config", config);
    assert.match(
      checked.stdout,
      /^users: \d+, from \/etc\/passwd, extrausers, from user ID 1000$/m,
    );
    assert.match(
      checked.stdout,
      /extra, with the groups extra, extras|extra, with the groups 4711/,
    );
    const routed = await inside("route", "--config", config, "sales@example.net");
    assert.match(routed.stdout, /extra/);
    directory.write("postmaster.yaml", {
      domains: ["example.net"],
      users: "passwd",
      aliases: { sales: "nosuch" },
      postmaster: "extra",
      user: "nosuch",
    });
    const { stderr } = await inside("check", "--config", config);
    assert.match(stderr, /this machine has no user `nosuch`/);
    assert.match(stderr, /`nosuch@example\.net` is neither a user nor an alias/);
  },
});
