/**
 * A server to be measured, as an unprivileged user. The environment says what it does with mail:
 *
 * - `BENCH_PORT`: the port on 127.0.0.1;
 * - `BENCH_KIND`: `discard` throws every message away, `pipe` gives each to `BENCH_MAILER` (a program and its
 *   arguments, with spaces between them), once for all recipients;
 * - `BENCH_HANDLERS`: handlers for `pipe`, as JSON;
 * - `BENCH_EXPLAIN`: what is kept of sessions, as JSON;
 * - `BENCH_CERTIFICATE`, `BENCH_KEY`: files for STARTTLS, and for TLS with AUTH on `BENCH_TLS_PORT`;
 * - `BENCH_WORK`: a directory for its configuration and log.
 *
 * @module
 */
import process from "node:process";
import { stringify } from "yaml";
import { main } from "../src/cli/program.ts";

const {
  BENCH_PORT = "2525",
  BENCH_KIND = "discard",
  BENCH_MAILER = "/bin/true",
  BENCH_HANDLERS = "[]",
  BENCH_EXPLAIN = "{}",
  BENCH_CERTIFICATE,
  BENCH_KEY,
  BENCH_TLS_PORT,
  BENCH_WORK = "/tmp",
} = Deno.env.toObject();

const passwords = BENCH_CERTIFICATE === undefined
  ? []
  : [new URL("password.js", import.meta.url).pathname];
const delivery = BENCH_KIND === "discard" ? { handlers: ["discard-all", ...passwords] } : {
  domains: ["bench.test"],
  "recipient-delimiter": "+",
  handlers: JSON.parse(BENCH_HANDLERS),
  mailer: { command: BENCH_MAILER.split(" "), "max-recipients": 100_000 },
};

if (Deno.uid() === 0) {
  const nobody = 65534;
  Deno.chownSync(BENCH_WORK, nobody, nobody);
  process.setgroups?.([]);
  process.setgid?.(nobody);
  process.setuid?.(nobody);
}

const clear = `127.0.0.1:${BENCH_PORT}`;
const file = `${BENCH_WORK}/postmaster.yaml`;
await Deno.writeTextFile(
  file,
  stringify({
    hostname: "bench.test",
    users: ["sink"],
    postmaster: "sink",
    ...BENCH_CERTIFICATE === undefined ? { listen: clear } : {
      listen: [clear, { address: `127.0.0.1:${BENCH_TLS_PORT}`, kind: "submissions" }],
      auth: { mechanisms: ["PLAIN"] },
      tls: { certificate: BENCH_CERTIFICATE, key: BENCH_KEY },
    },
    limits: {
      "message-size": "200 MiB",
      "header-size": "8 MiB",
      "messages-per-connection": 1_000_000,
      recipients: 100_000,
    },
    "spool-directory": BENCH_WORK,
    "state-directory": BENCH_WORK,
    explain: JSON.parse(BENCH_EXPLAIN),
    log: { file: `${BENCH_WORK}/postmaster.log`, stderr: false },
    ...delivery,
  }),
);
Deno.exit(await main(["--config", file]));
