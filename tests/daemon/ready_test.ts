/**
 * What `check` says of a server that would not start is what the start says.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { needRoot } from "../need.ts";
import { complaint, Directory, postmaster, run } from "../running.ts";

const JSON_FILE = fileURLToPath(new URL("../../deno.json", import.meta.url));
const USERS = { domains: ["example.net"], users: ["joe"], listen: "127.0.0.1:0" };

/** Files that only their owner may read, directories in which only he may write, and settings that name them. */
class Site extends Directory {
  constructor() {
    super();
    Deno.chmodSync(this.path, 0o755);
    for (const name of ["aliases", "users.txt", "lists", "virtual", "policy.ts"]) {
      this.write(name, "");
      Deno.chmodSync(this.of(name), 0o600);
    }
    Deno.mkdirSync(this.of("closed"), { mode: 0o700 });
    Deno.mkdirSync(this.of("open"));
    Deno.chmodSync(this.of("open"), 0o777);
    this.write("closed/aliases", "sales: joe\n");
    this.write("open/other", "no pid\n");
    Deno.chmodSync(this.of("open/other"), 0o666);
  }

  /** What `check` and the start say, which must be the same, of a configuration. */
  async complaints(settings: object): Promise<string> {
    const config = this.write("postmaster.yaml", {
      ...USERS,
      "state-directory": "state",
      ...settings,
    });
    const before = this.list();
    const [checked, started] = [
      await postmaster("check", "--config", config),
      await postmaster("run", "--config", config),
    ];
    assert.deepEqual([checked.code, checked.stdout, started.code], [1, "", 1], checked.stdout);
    assert.equal(complaint(started.stderr), checked.stderr);
    assert.deepEqual(this.list().filter((name) => name !== "state"), before);
    return checked.stderr.replaceAll(`${this.path}/`, "");
  }
}

/** Settings of a server that becomes the user `nobody`, and what is to be said of them, a line each. */
const UNUSABLE: readonly (readonly [object, readonly RegExp[]])[] = [
  [
    {
      aliases: [{ file: "aliases" }, { file: "closed/aliases" }],
      users: { file: "users.txt" },
      handlers: [{ explode: { file: "lists" } }, {
        "virtual-users": { file: "virtual" },
      }],
    },
    [
      /`users\.file`: the server, as the user nobody, may not read users\.txt: let that user read it, and enter/,
      /`aliases\[0\]\.file`: the server, as the user nobody, may not read aliases: /,
      /`aliases\[1\]\.file`: .* may not read closed\/aliases: /,
      /`handlers\[0\]\.explode\.file`: .* may not read lists: /,
      /`handlers\[1\]\.virtual-users\.file`: .* may not read virtual: /,
    ],
  ],
  [
    { log: { file: "closed/log" }, "pid-file": "closed/pid", "spool-directory": "closed" },
    [
      /`log\.file`: cannot open closed\/log as the user nobody \(.*\): let it be that user's, /,
      /`pid-file`: cannot open closed\/pid as the user nobody/,
      /`spool-directory`: the server, as the user nobody, cannot write in closed, /,
    ],
  ],
  [
    { log: { file: "closed" }, "pid-file": "open/other", "spool-directory": "open" },
    [
      /`log\.file`: closed is a directory: name a file$/,
      /`pid-file`: open\/other is there, and is not the file of a process id: remove/,
      /`spool-directory`: anybody may write in open: chmod o-w open$/,
    ],
  ],
  [
    {
      log: { file: "no/such/log" },
      "state-directory": "no/such",
      "spool-directory": "aliases",
      listen: "unix:/no/such/socket",
    },
    [
      /`log\.file`: there is no directory no in which no\/such could be made/,
      /`state-directory`: there is no directory no in which no\/such could be made/,
      /`spool-directory`: aliases is no directory: remove it, or name another/,
      /`listen\[0\]`: there is no directory \/no\/such for the socket/,
    ],
  ],
];

for (const [settings, messages] of UNUSABLE) {
  Deno.test({
    name: `check and the start say alike what the server's user cannot use: ${
      JSON.stringify(settings)
    }`,
    ...needRoot(),
    async fn() {
      using site = new Site();
      const said = await site.complaints({ user: "nobody", ...settings });
      const lines = said.trimEnd().split("\n");
      for (const message of messages) {
        const line = lines.find((line) => message.test(line));
        assert.ok(line !== undefined, `${message} in ${said}`);
        assert.match(line, /^postmaster\.yaml:\d+:\d+: /);
      }
      assert.equal(lines.length, messages.length, said);
    },
  });
}

Deno.test({
  name: "check and the start say alike which module of handlers the server's user may not read",
  ...needRoot(),
  async fn() {
    using site = new Site();
    assert.match(
      await site.complaints({ user: "nobody", handlers: ["./policy.ts"] }),
      /^postmaster\.yaml:\d+:\d+: `handlers\[0\]`: .* may not read policy\.ts: /,
    );
  },
});

Deno.test("check and the start say alike that a log is a directory, that its directory is missing, and what is wrong in the files", async () => {
  using site = new Site();
  assert.match(
    await site.complaints({ log: { file: "open" } }),
    /`log\.file`: open is a directory/,
  );
  assert.match(
    await site.complaints({ log: { file: "no/such/log" } }),
    /there is no directory no in/,
  );
  assert.match(
    await site.complaints({ log: { stderr: false } }),
    /`log`: a log has to go somewhere/,
  );
  site.write("aliases", "sales: nosuchuser\n");
  assert.match(
    await site.complaints({ aliases: { file: "aliases" } }),
    /^aliases:1:8: `nosuchuser@example\.net` is neither a user nor an alias: /,
  );
});

Deno.test("reading a configuration changes nothing, and starts no program", async () => {
  using directory = new Directory();
  Deno.mkdirSync(directory.of("state"));
  const config = directory.write("postmaster.yaml", {
    ...USERS,
    "state-directory": "state",
    "spool-directory": "spool",
    log: { file: "log" },
    "pid-file": "pid",
  });
  const mod = fileURLToPath(new URL("../../src/config/mod.ts", import.meta.url));
  const script = directory.write(
    "read.ts",
    `import { loadConfig } from "${mod}"; console.log(loadConfig(${JSON.stringify(config)}).file);`,
  );
  const times = () =>
    [directory.path, directory.of("state")].map((path) => {
      const { mtime, ctime } = Deno.statSync(path);
      return [mtime, ctime];
    });
  const before = [directory.list(), times()];
  // Whoever may run nothing starts no program; whoever may write there alone writes nowhere else.
  const flags = ["--allow-read", "--allow-env", "--allow-sys", `--allow-write=${directory.path}`];
  const read = await run(Deno.execPath(), [
    "run",
    "--no-prompt",
    "--config",
    JSON_FILE,
    ...flags,
    script,
  ]);
  assert.deepEqual(read, { code: 0, stdout: `${config}\n`, stderr: "" });
  assert.deepEqual([directory.list(), times()], before);
});

Deno.test("check leaves what it looks at as it was, although the server would make it", async () => {
  using directory = new Directory();
  const config = directory.write("postmaster.yaml", {
    ...USERS,
    "handlers-as-root": true,
    "state-directory": "state",
    "spool-directory": "spool",
    log: { file: "log/log" },
    "pid-file": "run/pid",
  });
  const { mtime } = Deno.statSync(directory.path);
  assert.equal((await postmaster("check", "--config", config)).stderr, "");
  assert.deepEqual(directory.list(), ["postmaster.yaml"]);
  assert.deepEqual(Deno.statSync(directory.path).mtime, mtime);
});
