import assert from "node:assert/strict";
import { DnsHook } from "../../src/acme/dns_hook.ts";
import { within } from "../../src/base/within.ts";
import { Directory } from "../running.ts";

const CHALLENGE = { domain: "example.net", name: "_acme-challenge.example.net", value: "x" };

Deno.test("a DNS hook that fails is heard, also if it leaves a program behind", async () => {
  using directory = new Directory();
  const hook = directory.write("hook", "#!/bin/sh\nsleep 1000 &\necho $! > $0.pid\nexit 3\n");
  Deno.chmodSync(hook, 0o755);
  const failure = new DnsHook([hook]).add(CHALLENGE).then(() => "", ({ message }) => message);
  try {
    assert.ok(await within(failure, 20_000), "it is waited for");
    assert.match(await failure, /add _acme-challenge\.example\.net, ended with exit code 3/);
  } finally {
    Deno.kill(Number(directory.read("hook.pid")), "SIGKILL");
    await failure;
  }
});
