// The library smtp-server as a server that throws mail away. peers.ts starts it with Node, beside the package.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { SMTPServer } = createRequire(import.meta.url)("smtp-server");
const { BENCH_PORT, BENCH_TLS_PORT, BENCH_CERTIFICATE, BENCH_KEY } = process.env;
const listen = (port, secure) =>
  new SMTPServer({
    secure,
    cert: readFileSync(BENCH_CERTIFICATE),
    key: readFileSync(BENCH_KEY),
    authOptional: true,
    disableReverseLookup: true,
    socketTimeout: 300_000,
    onAuth: ({ username, password }, _session, done) =>
      username === "sink" && password === "secret"
        ? done(null, { user: username })
        : done(new Error("wrong password")),
    onData(stream, _session, done) {
      stream.resume();
      stream.on("end", () => done(null, "discarded"));
    },
  }).listen(port, "127.0.0.1", 4096);
listen(BENCH_PORT, false);
listen(BENCH_TLS_PORT, true);
