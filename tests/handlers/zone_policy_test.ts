/**
 * For whom a zone of a real DNS makes a server relay.
 *
 * @module
 */
import assert from "node:assert/strict";
import { need } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { codes, Running } from "../running.ts";

/** The reply to a recipient elsewhere, by what the policy says of a client at 127.0.0.1. */
const REPLIES: Readonly<Record<string, number>> = {
  "relay-for=127.0.0.0/8": 250,
  "relay-for=127.0.0.1": 250,
  "relay-for=::ffff:127.0.0.0/104": 250,
  "relay-for=128.0.0.0/8": 550,
  "relay-for=0.0.0.0/1, 128.0.0.0/1": 451,
  "relay-for=0.0.0.0/0": 451,
  "relay-for=127/8": 451,
  "relay-for=127.0.0.1/8": 451,
  "relay-for=0177.0.0.1": 451,
  "refuse=0x7f.0.0.1": 451,
  "refuse=0.0.0.0/1": 554,
};

Deno.test({
  name: "a server relays for the networks of its zone, and defers for those that make no sense",
  ...need("nsd"),
  fn: async () => {
    const policies = Object.keys(REPLIES);
    const zones = policies.map((policy, i) =>
      [`z${i}.example.net`, `ns A 127.0.0.1\n_policy 1 TXT "v=postmaster1; ${policy}"\n`] as const
    );
    await using nsd = await Nsd.start(Object.fromEntries(zones));
    for (const [i, [zone]] of zones.entries()) {
      await using server = await Running.start(() => ({
        dns: { servers: [nsd.address] },
        handlers: [{ zone }],
        relay: { command: ["cat"] },
      }));
      using client = await server.connect();
      const [, , code] = await codes(client, "HELO a", "MAIL FROM:<>", "RCPT TO:<a@b.example>");
      assert.equal(code, REPLIES[policies[i]!], policies[i]);
      if (code === 451) await server.logs(/a record of the zone makes no sense/);
    }
  },
});
