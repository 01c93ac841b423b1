import assert from "node:assert/strict";
import fc from "fast-check";
import { type ListenAddress, parseListen, printListen } from "../../src/net/address.ts";

const tcp = (hostname: string, port: number): ListenAddress => ({
  transport: "tcp",
  hostname,
  port,
});

Deno.test("parseListen() reads every form", () => {
  const forms: Record<string, ListenAddress> = {
    "127.0.0.1:2525": tcp("127.0.0.1", 2525),
    "0.0.0.0:25": tcp("0.0.0.0", 25),
    "[::1]:25": tcp("::1", 25),
    "*:25": tcp("::", 25),
    ":25": tcp("::", 25),
    "localhost:2525": tcp("localhost", 2525),
    "mail.example.org:0": tcp("mail.example.org", 0),
    "unix:/run/p.sock": { transport: "unix", path: "/run/p.sock" },
    "unix:/run/p.sock?mode=660": { transport: "unix", path: "/run/p.sock", mode: 0o660 },
    "unix:/run/p.sock?mode=0600": { transport: "unix", path: "/run/p.sock", mode: 0o600 },
    "fd:3": { transport: "fd", fd: 3 },
  };
  for (const [text, address] of Object.entries(forms)) assert.deepEqual(parseListen(text), address);
});

Deno.test("parseListen() says what is wrong and how to mend it", () => {
  const faults: Record<string, RegExp> = {
    "": /needs a port: \*:25/,
    "2525": /needs an address: 127\.0\.0\.1:2525/,
    "127.0.0.1": /needs a port: 127\.0\.0\.1:25/,
    "::1": /needs brackets and a port: \[::1\]:25/,
    "[::1]": /needs a port: \[::1\]:25/,
    "[127.0.0.1]:25": /IPv6 address between its brackets/,
    "[fe80::1%eth0]:25": /IPv6 address between its brackets, without a zone/,
    "fe80::zz:25": /needs brackets/,
    "localhost:": /port from 0 to 65535/,
    "localhost:smtp": /port from 0 to 65535/,
    "localhost:65536": /port from 0 to 65535/,
    "127.0.0.300:25": /no address to listen on/,
    "127.1:25": /no address to listen on/,
    "0x7f.1:25": /no address to listen on/,
    "0177.0.0.1:25": /no address to listen on/,
    "my host:25": /no address to listen on/,
    "unix:run/p.sock": /full path/,
    "unix:": /full path/,
    "fd:2": /must be fd:3 for the first socket/,
    "fd:": /must be fd:3 for the first socket/,
    "unix:/p?mode=rw": /permissions in octal: unix:\/p\?mode=660/,
  };
  for (const [text, message] of Object.entries(faults)) {
    assert.throws(() => parseListen(text), { name: "TypeError", message }, text);
  }
});

Deno.test("printListen() is the inverse of parseListen()", () => {
  const port = fc.integer({ min: 0, max: 65535 });
  const address = fc.oneof(
    fc.tuple(fc.oneof(fc.ipV4(), fc.domain(), fc.constant("::"), fc.constant("2001:db8::1")), port)
      .map(([hostname, port]) => tcp(hostname, port)),
    fc.record({
      transport: fc.constant("unix" as const),
      path: fc.stringMatching(/^\/[^?\0]*$/),
      mode: fc.integer({ min: 0o100, max: 0o777 }),
    }, { requiredKeys: ["transport", "path"] }),
    fc.record({ transport: fc.constant("fd" as const), fd: fc.integer({ min: 3, max: 9999 }) }),
  );
  fc.assert(fc.property(address, (a) => {
    assert.deepEqual({ ...parseListen(printListen(a as ListenAddress)) }, { ...a });
  }));
});
