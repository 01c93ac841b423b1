/**
 * A server to be measured. The environment says what it does with mail:
 *
 * - `BENCH_PORT`: the port on 127.0.0.1;
 * - `BENCH_KIND`: `discard` throws every message away, `pipe` gives each to `BENCH_MAILER`;
 * - `BENCH_WORK`: a directory for its configuration and log.
 *
 * @module
 */
import { stringify } from "yaml";
import { main } from "../src/cli/program.ts";

const {
  BENCH_PORT = "2525",
  BENCH_KIND = "discard",
  BENCH_MAILER = "/bin/true",
  BENCH_WORK = "/tmp",
} = Deno.env.toObject();

const delivery = BENCH_KIND === "discard" ? { handlers: ["discard-all"] } : {
  domains: ["bench.test"],
  users: ["sink"],
  mailer: { command: [BENCH_MAILER], user: "nobody" },
};

const file = `${BENCH_WORK}/postmaster.yaml`;
await Deno.writeTextFile(
  file,
  stringify({
    hostname: "bench.test",
    listen: `127.0.0.1:${BENCH_PORT}`,
    limits: { "message-size": "200 MiB", "messages-per-connection": 1_000_000 },
    log: { file: `${BENCH_WORK}/postmaster.log`, stderr: false },
    ...delivery,
  }),
);
Deno.exit(await main(["--config", file]));
