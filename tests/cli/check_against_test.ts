/**
 * `check --against`: what would change for a running server, and for its state.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { VERSION } from "../../src/base/version.ts";
import { defaults } from "../../src/config/mod.ts";
import { Control } from "../../src/daemon/control.ts";
import { listenForOperators } from "../../src/daemon/control_socket.ts";
import type { Standing } from "../../src/daemon/standing.ts";
import type { OperatorsDesk } from "../../src/queue/desk.ts";
import { Directory, postmaster, Running } from "../running.ts";

/** What `check` says against something, if all is well. */
async function against(config: string, ...place: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await postmaster(
    "check",
    "--config",
    config,
    "--against",
    ...place,
  );
  assert.equal(code, 0, stderr);
  return stdout.slice(stdout.indexOf("against: ")).trimEnd().split("\n");
}

Deno.test("what differs from the running server is named, and what of it needs a restart", async () => {
  await using server = await Running.start(() => ({ queue: {} }));
  const config = server.directory.of("postmaster.yaml");
  const place = `against: the server at ${
    server.directory.of("state/control.sock")
  }, version ${VERSION}`;
  const queue = `  queue: as version ${VERSION} has it`;
  assert.deepEqual(await against(config), [place, "  configuration: the same", queue]);

  const settings = JSON.parse(Deno.readTextFileSync(config));
  const changed = { ...settings, hostname: "mx2.example.net", "recipient-delimiter": "-" };
  const other = server.directory.write("other.yaml", JSON.stringify(changed));
  assert.deepEqual(await against(other), [
    place,
    "  changed: hostname, recipient-delimiter",
    "  only by a restart: hostname",
    queue,
  ]);
  assert.deepEqual((await against(other, config)).slice(0, 3), [
    `against: ${config}`,
    "  changed: hostname, recipient-delimiter",
    "  only by a restart: hostname",
  ]);
  assert.equal(await server.stop(), 0);
  const { code, stderr } = await postmaster("check", "--config", config, "--against");
  assert.equal(code, 1);
  assert.match(stderr, /no server listens at/);
});

Deno.test("a queue that a later version has written is refused, and check leaves the state as it is", async () => {
  await using server = await Running.start(() => ({ queue: {} }));
  assert.equal(await server.stop(), 0);
  const { directory } = server;
  const config = directory.of("postmaster.yaml");
  const queue = directory.of("state/queue");
  const files = () => Array.from(Deno.readDirSync(queue), ({ name }) => name).sort();
  const before = files();
  assert.equal((await against(config, config)).at(-1), `  queue: as version ${VERSION} has it`);
  assert.deepEqual(files(), before);
  {
    using db = new DatabaseSync(`${queue}/queue.sqlite`);
    db.exec("PRAGMA user_version = 99");
  }
  const { code, stderr } = await postmaster("check", "--config", config, "--against", config);
  assert.equal(code, 1);
  assert.match(stderr, /cannot use .*queue\.sqlite: a later version of the program has written it/);
});

Deno.test("defaults that another version has otherwise are named, but for keys that are written", async () => {
  using directory = new Directory();
  const { "limits.recipients": now, "limits.errors": errors, ...others } = defaults();
  const standing: Standing = {
    version: "0.0.9",
    defaults: { ...others, "limits.recipients": 7, "limits.errors": 7, "limits.gone": true },
    changed: [],
    fixed: [],
  };
  const socket = directory.of("control.sock");
  const listener = await listenForOperators(
    { control: { socket }, stateDirectory: directory.path },
    undefined,
  );
  const nothing = () => Promise.reject(new Error("not asked"));
  using _control = new Control(listener, {
    desk: {} as OperatorsDesk,
    reload: nothing,
    compare: () => standing,
    log: Object.assign(() => {}, { wants: () => false }),
  });
  const config = directory.write(
    "postmaster.yaml",
    "{users: [joe], postmaster: joe, limits: {errors: 3}}\n",
  );
  assert.deepEqual(await against(config, socket), [
    `against: the server at ${socket}, version 0.0.9`,
    `  this is version ${VERSION}: docs/upgrading.md has more`,
    "  configuration: the same",
    `  default of limits.recipients: 7 becomes ${JSON.stringify(now)}`,
    "  default of limits.gone: true becomes none",
  ]);
  assert.notEqual(errors, undefined);
});
