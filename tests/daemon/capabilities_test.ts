/**
 * A server that was never root: what it cannot do, and what it can with capabilities(7).
 *
 * @module
 */
import assert from "node:assert/strict";
import { need, needRoot } from "../need.ts";
import { Directory, PROGRAM, run, Running, sendMail, type Settings } from "../running.ts";

/** Who is nobody's, for a program. */
const NOBODY = ["--reuid=65534", "--regid=65534", "--clear-groups"];

/** Whether nobody can read the program at all; not if it lies in the home of root. */
function isReadable(): boolean {
  const path = new URL("../../main.ts", import.meta.url).pathname;
  const args = [...NOBODY, "test", "-r", path];
  return new Deno.Command("setpriv", { args }).outputSync().success;
}

const NEEDS = { ignore: needRoot().ignore || need("setpriv").ignore || !isReadable() };

/** Gives shell commands that turn a server to be into nobody's, with these capabilities. */
async function asNobody(directory: Directory, ...capabilities: string[]): Promise<string> {
  const { path, of } = directory;
  Deno.chmodSync(path, 0o777);
  const { npmCache } = JSON.parse((await run(Deno.execPath(), ["info", "--json"])).stdout);
  await run("cp", [PROGRAM[0]!, of("deno")]); // a copy of ours would be busy for a moment
  await run("cp", ["-R", npmCache, of("npm")]);
  await run("chown", ["-R", "65534:65534", of("npm")]);
  const list = capabilities.map((name) => `+${name}`).join() || "-all";
  const setpriv = ["setpriv", ...NOBODY, `--inh-caps=${list}`, `--ambient-caps=${list}`, "--"];
  return `shift; export DENO_DIR=${path}; set -- ${setpriv.join(" ")} ${of("deno")} "$@"`;
}

/** Says who it is, and which capabilities it has. */
const WHO =
  'cat > /dev/null; id -un > "$0"; grep -E "Cap(Inh|Prm|Eff|Amb)" /proc/self/status >> "$0"';

/** Each user gets mail as that user. */
const toMaildirs = (user: string) => (directory: Directory): Settings => {
  Deno.chmodSync(directory.path, 0o777);
  const mailer = { maildir: `${directory.path}/{user}` };
  return { "handlers-as-root": false, users: [user], mailer };
};

const settings = (user: string) => (directory: Directory): Settings => {
  Deno.chmodSync(directory.path, 0o777);
  return {
    "handlers-as-root": false,
    mailer: { command: ["sh", "-c", WHO, directory.of("who")], user },
  };
};

Deno.test({
  name: "a server with capabilities runs mailers as others, and none of them has one",
  ...NEEDS,
  async fn() {
    using directory = new Directory();
    const before = await asNobody(directory, "setuid", "setgid", "net_bind_service");
    for (const user of ["daemon", "nobody"]) {
      await using server = await Running.start(settings(user), { before });
      using client = await server.connect();
      assert.equal(await sendMail(client), 250);
      const lines = ["Inh", "Prm", "Eff", "Amb"].map((set) => `Cap${set}:\t0000000000000000\n`);
      assert.equal(server.directory.read("who"), `${user}\n${lines.join("")}`);
    }
  },
});

Deno.test({
  name: "a server without them does not start if its mailer is another's, or it is to be another's",
  ...NEEDS,
  async fn() {
    using directory = new Directory();
    const before = await asNobody(directory);
    for (const args of [[], ["check"]]) {
      for (const ofDaemon of [settings("daemon"), toMaildirs("daemon")]) {
        await assert.rejects(
          Running.start(ofDaemon, { before, args }),
          /postmaster: a server that is not root cannot run programs as daemon \(setpriv: .*\): let root start it, with `user`, or give it CAP_SETUID and CAP_SETGID/,
        );
      }
      await assert.rejects(
        Running.start((own) => ({ ...settings("nobody")(own), user: "daemon" }), { before, args }),
        /postmaster\.yaml:\d+:\d+: `user`: only root can become the user daemon: let root start the server, or that user himself, or take `user` and `group` out of the configuration/,
      );
    }
    await assert.rejects(
      Running.start(
        (own) => ({ ...settings("nobody")(own), drop: { directory: "/var/lib/dropped" } }),
        { before },
      ),
      /make the directory \/var\/lib\/dropped for the user nobody with the permissions 1733, or name another/,
    );
    await using server = await Running.start(
      (own) => ({ ...settings("nobody")(own), user: "nobody" }),
      { before },
    );
    using client = await server.connect();
    assert.equal(await sendMail(client), 250);
  },
});
