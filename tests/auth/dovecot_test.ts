/**
 * Passwords that a real Dovecot checks.
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { need, needRoot } from "../need.ts";
import { freePort } from "../ports.ts";
import { Directory, until } from "../running.ts";
import { base64, logIn, serveLogins } from "./logins.ts";

/** A Dovecot in a directory of its own, of which only the authentication service is used. */
class Dovecot {
  readonly #directory = new Directory();
  readonly #port: number;
  #child: Deno.ChildProcess | undefined;

  constructor(port: number) {
    const directory = this.#directory;
    this.#port = port;
    directory.write("dovecot-users", "joe:{plain}correct horse\nann@example.net:{plain}her own\n");
    directory.write("check", 'case $(tr "\\0" " " <&3) in busy*) exit 111;; esac\nexit 1\n');
    Deno.chmodSync(directory.path, 0o755); // the service is another user's
    directory.write(
      "dovecot.conf",
      `base_dir = ${directory.of("base")}
state_dir = ${directory.of("dovecot-state")}
log_path = ${directory.of("dovecot.log")}
protocols =
ssl = no
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = ${directory.of("dovecot-users")}
}
passdb {
  driver = checkpassword
  args = /bin/sh ${directory.of("check")}
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}
service auth {
  unix_listener auth-client {
    mode = 0666
  }
  inet_listener {
    address = 127.0.0.1
    port = ${port}
  }
}
`,
    );
  }

  /** The address of its port. */
  get inet(): string {
    return `inet:127.0.0.1:${this.#port}`;
  }

  /** The path of its socket. */
  get socket(): string {
    return this.#directory.of("base/auth-client");
  }

  async start(): Promise<void> {
    this.#child = new Deno.Command("setsid", {
      args: ["dovecot", "-F", "-c", this.#directory.of("dovecot.conf")],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await until(
      () => `Dovecot listens; it says ${this.#directory.read("dovecot.log")}`,
      () => existsSync(this.socket),
    );
  }

  /** Ends all its processes: without its master, its service would go on for those who are connected. */
  async stop(): Promise<void> {
    if (this.#child === undefined) return;
    Deno.kill(-this.#child.pid, "SIGTERM");
    await this.#child.status;
    this.#child = undefined;
    await Deno.remove(this.socket).catch(() => {}); // the next start makes another
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#directory[Symbol.dispose]();
  }
}

const NEEDS = { ignore: need("dovecot", "setsid").ignore || needRoot().ignore };

Deno.test({
  name: "Dovecot says who may come in, and whoever it says comes in",
  ...NEEDS,
  fn: async () => {
    await using dovecot = new Dovecot(freePort());
    await dovecot.start();
    await using server = await serveLogins(() => ({ passwords: { dovecot: dovecot.socket } }));
    assert.equal(await logIn(server, "joe", "correct horse"), 235);
    assert.equal(await logIn(server, "joe", "correct horse", "LOGIN"), 235);
    assert.equal(await logIn(server, "Ann@Example.NET", "her own"), 235);
    await server.logs(/authenticated .*user=ann@example\.net/);
    assert.equal(await logIn(server, "joe", "wrong"), 535);
    assert.equal(await logIn(server, "eve", "correct horse"), 535);
    for (const [user, password] of [["joe\tnologin", "x"], ["joe\0", "x"], ["joe", "x\0y"]]) {
      assert.equal(await logIn(server, user!, password!, "LOGIN"), 535);
    }
    assert.equal(await logIn(server, "busy", "x"), 454);
    await server.logs(/authentication failed .*Dovecot at .*temporary/);
    for (const secret of ["correct horse", base64("\0joe\0correct horse"), base64("her own")]) {
      assert.ok(!server.log.join("\n").includes(secret), secret);
    }
  },
});

Deno.test({
  name: "all sessions share a connection to Dovecot, which no password ends",
  ...NEEDS,
  fn: async () => {
    await using dovecot = new Dovecot(freePort());
    await dovecot.start();
    await using server = await serveLogins(() => ({ passwords: { dovecot: dovecot.socket } }));
    const logins = Array.from(
      { length: 60 },
      (_, i) =>
        i % 3 === 0
          ? logIn(server, "joe", "correct horse")
          : logIn(server, "joe", "x".repeat(i % 3 === 1 ? 5 : 8500)),
    );
    const codes = await Promise.all(logins);
    assert.deepEqual(codes, codes.map((_, i) => i % 3 === 0 ? 235 : 535));
    assert.equal(connectionsTo(dovecot.socket), 1);
  },
});

Deno.test({
  name: "while Dovecot is away nobody can tell, and once it is back the server asks it again",
  ...NEEDS,
  fn: async () => {
    await using dovecot = new Dovecot(freePort());
    await using server = await serveLogins(() => ({ passwords: { dovecot: dovecot.socket } }));
    await using byPort = await serveLogins(() => ({ passwords: { dovecot: dovecot.inet } }));
    await server.logs(/there is no socket .*: start its server/);
    assert.equal(await logIn(server, "joe", "correct horse"), 454);
    await server.logs(/authentication failed .*error="?Dovecot at .*ENOENT/);
    for (let i = 0; i < 2; i++) {
      await dovecot.start();
      assert.equal(await logIn(server, "joe", "correct horse"), 235);
      assert.equal(await logIn(byPort, "joe", "correct horse"), 235);
      await dovecot.stop();
      for (const one of [server, byPort]) {
        await until(
          "nobody can tell",
          async () => await logIn(one, "joe", "correct horse") === 454,
        );
      }
    }
  },
});

/** Connections to a Unix socket that somebody has accepted. */
function connectionsTo(socket: string): number {
  const CONNECTED = "03";
  return Deno.readTextFileSync("/proc/net/unix").split("\n")
    .filter((line) => line.endsWith(` ${socket}`) && line.split(" ")[5] === CONNECTED).length;
}
