/**
 * Clients with addresses that are not those of this machine: the server has a network of its own, in which it is
 * reached from every address that it has.
 *
 * @module
 */
import assert from "node:assert/strict";
import { need, needRoot } from "../need.ts";
import { run, Running, type Settings, until } from "../running.ts";

const NEEDS = { ignore: needRoot().ignore || need("ip", "unshare", "nsenter", "bash").ignore };

/** Starts a server that has these addresses. */
function startAt(addresses: readonly string[], settings: Settings): Promise<Running> {
  const add = addresses.map((one) =>
    `ip addr add ${one} dev lo ${one.includes(":") ? "nodad" : ""}`
  );
  const inside = ["ip link set lo up", ...add, 'exec "$@"'].join("\n");
  return Running.start(() => ({ listen: "*:2525", ...settings }), {
    before: `set -- unshare --net sh -c '${inside}' sh "$@"`,
  });
}

/** Connects from each address and keeps the connections; returns the code of the last reply to each. */
async function codesFor(
  server: Running,
  addresses: readonly string[],
  ...commands: readonly string[]
): Promise<string[]> {
  const script = `
    for address in ${addresses.join(" ")}; do
      exec {socket}<>/dev/tcp/$address/2525
      read -r reply <&$socket
      for command in "$@"; do
        printf '%s\\r\\n' "$command" >&$socket
        read -r reply <&$socket
      done
      echo "\${reply:0:3}"
    done`;
  const inside = ["--target", String(server.pid), "--net", "bash", "-c", script, "bash"];
  const { stdout, stderr } = await run("nsenter", [...inside, ...commands]);
  assert.equal(stderr, "");
  return stdout.trim().split("\n");
}

Deno.test({
  name: "connections from one /64 network of IPv6 are those of one client",
  ...NEEDS,
  async fn() {
    const addresses = [
      ...["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:3::3", "2001:db8:1:3::1"],
      ...["192.0.2.1", "192.0.2.2"],
    ];
    await using server = await startAt(addresses, { limits: { "connections-per-address": 2 } });
    assert.deepEqual(await codesFor(server, addresses), ["220", "220", "421", "220", "220", "220"]);
    const gone = () => server.log.filter((line) => / disconnected /.test(line)).length;
    await until("the server has seen all of them go", () => gone() === addresses.length);
    assert.deepEqual(await codesFor(server, addresses.slice(0, 3)), ["220", "220", "421"], "again");
  },
});

Deno.test({
  name: "mail is relayed for the networks that the configuration has, and for no others",
  ...NEEDS,
  async fn() {
    const near = ["10.1.0.1", "10.1.255.255", "192.0.2.9", "2001:db8:1::9", "2001:db8:1:ffff::1"];
    const far = ["10.0.0.1", "10.2.0.1", "192.0.2.10", "2001:db8:2::1"];
    const networks = ["::ffff:10.1.0.0/112", "192.0.2.9", "2001:DB8:1::/48"];
    await using server = await startAt([...near, ...far], {
      handlers: [{ "relay-to": { networks } }],
      relay: { command: ["tee", "/dev/null"] },
    });
    const to = (address: string) => ["HELO a.example", "MAIL FROM:<>", `RCPT TO:<${address}>`];
    const got = await codesFor(server, [...near, ...far], ...to("joe@example.com"));
    assert.deepEqual(got, [...near.map(() => "250"), ...far.map(() => "550")]);
  },
});
