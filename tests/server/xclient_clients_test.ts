/**
 * Programs that others wrote, which say with XCLIENT who their client is.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { runClient } from "../clients.ts";
import { filesOf } from "../docs/page.ts";
import { need } from "../need.ts";
import { freePort } from "../ports.ts";
import { Running, type Settings } from "../running.ts";
import { needNginx, startNginx } from "./nginx.ts";

const { "/etc/postmaster/postmaster.yaml": SETTINGS, "/etc/nginx/nginx.conf": CONFIGURATION } =
  filesOf(
    Deno.readTextFileSync(fileURLToPath(new URL("../../docs/around.md", import.meta.url))),
    "Behind nginx",
  );
const ENVELOPE = ["--from", "ann@example.org", "--to", "you@example.net"];

Deno.test({
  name: "behind nginx, the client that XCLIENT names is the client everywhere",
  ...needNginx("swaks"),
  fn: async () => {
    const settings = SETTINGS!.replace("10.0.0.25:2525", "127.0.0.1:0")
      .replace("10.0.0.1", "127.0.0.1");
    await using server = await Running.start(() => parse(settings) as Settings);
    const [outside, web] = [freePort(), freePort()];
    await using _nginx = await startNginx(
      CONFIGURATION!.replace("listen 25", `listen 127.0.0.1:${outside} proxy_protocol`)
        .replace("xclient on;", "xclient on; set_real_ip_from 127.0.0.1;")
        .replaceAll("8025", `${web}`).replace("10.0.0.25", "127.0.0.1")
        .replace("2525", `${server.port}`),
    );
    for (const [family, address] of [["TCP4", "192.0.2.7"], ["TCP6", "2001:db8::7"]] as const) {
      await runClient("swaks", [
        ...["--server", `127.0.0.1:${outside}`, "--helo", "client.example.org", ...ENVELOPE],
        ...["--proxy-family", family, "--proxy-source", address, "--proxy-source-port", "4711"],
        ...["--proxy-dest", address.replace(/7$/, "25"), "--proxy-dest-port", "25"],
      ]);
      const line = await server.logs(new RegExp(` client named peer="?${address}"? `));
      assert.match(line, / via=127\.0\.0\.1 /);
      const from = new RegExp(
        `^Received: from client\\.example\\.org \\(\\[(IPv6:)?${address}\\]\\)$`,
        "m",
      );
      assert.match(server.directory.read("mail"), from);
    }
  },
});

Deno.test({
  name: "swaks names a client with all attributes of XCLIENT, and its user where that counts",
  ...need("swaks"),
  fn: async () => {
    const own = { address: "127.0.0.1:0", xclient: ["127.0.0.1"] };
    await using server = await Running.start(() => ({
      listen: [own, { ...own, "xclient-login": true }],
    }));
    const client = Object.entries({
      addr: "2001:db8::7",
      port: "4711",
      name: "client.example.org",
      "reverse-name": "client.example.org",
      helo: "here.example.org",
      proto: "ESMTP",
      destaddr: "192.0.2.25",
      destport: "25",
    }).flatMap(([name, value]) => [`--xclient-${name}`, value]);
    for (const [at, user] of [[0, undefined], [1, "joe"]] as const) {
      const login = user === undefined ? [] : ["--xclient-login", user];
      const to = ["--server", server.addresses[at]!, ...ENVELOPE];
      const said = await runClient("swaks", [...to, ...client, ...login]);
      assert.equal(/^<- {2}250.XCLIENT .*LOGIN/m.test(said), user !== undefined, said);
      const line = await server.logs(
        new RegExp(
          ` client named peer="?2001:db8::7"? port=4711 .*listener=${server.addresses[at]}`,
        ),
      );
      assert.equal(/ user=(\w+)/.exec(line)?.[1], user);
      assert.match(line, / name=client\.example\.org/);
    }
    assert.match(server.directory.read("mail"), /\(\[IPv6:2001:db8::7\]\)\n/);
  },
});
