/** `postmaster doctor` on a host that is well, and on one with ten faults. */
import assert from "node:assert/strict";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import { need, needOwnMounts, needRuntime } from "../need.ts";
import { Host } from "./doctor_kit.ts";

const NEEDS = {
  ignore: needOwnMounts().ignore || needRuntime("2.7.13").ignore ||
    need("nsd", "unbound", "ldns-signzone", "nsenter", "faketime").ignore,
};

/** What the shell needs so that the clock on the wall is 31 days ahead. */
const AHEAD = "export LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketimeMT.so.1) FAKETIME=+31d " +
  "FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1";

const isBad = ({ level }: Finding) => level !== "ok" && level !== "note";
const printed = (findings: readonly Finding[]) =>
  findings.map(({ level, check, what }) => `${level} ${check}: ${what}`).join("\n");

Deno.test({
  name: "doctor finds nothing on a host that is well",
  ...NEEDS,
  fn: async (t) => {
    await using host = await Host.start();
    await t.step("all checks", async () => {
      const { code, findings } = await host.doctor();
      assert.deepEqual(findings.filter(isBad), [], printed(findings));
      assert.equal(code, 0);
    });
    await t.step("with a clock that is a month ahead", async () => {
      const { code, findings } = await host.doctorAfter(AHEAD, "--only", "clock,certificates");
      assert.match(printed(findings), /^fault clock: the clock is 26784\d\d s ahead of /m);
      assert.match(printed(findings), /^fault certificates: .* expired at /m);
      assert.equal(code, 2);
    });
    await t.step("a message to itself", async () => {
      const { code, findings } = await host.doctor(
        "--only",
        "delivery",
        "--send",
        "you@example.net",
      );
      assert.match(
        printed(findings),
        /^ok delivery: the message to you@example\.net was delivered in /m,
      );
      assert.equal(code, 0);
      assert.match(
        host.server.directory.read("mail"),
        /^Subject: A test by postmaster doctor\r?$/m,
      );
      const other = await host.doctor("--only", "delivery", "--send", "nobody@example.net");
      assert.match(printed(other.findings), /^fault delivery: .* was refused: 550 5\.1\.1/m);
    });
  },
});

Deno.test({
  name: "doctor finds ten faults, and only these",
  ...NEEDS,
  fn: async () => {
    await using host = await Host.start({
      ...{ ptr: true, certificate: true, resolver: true, disk: true, rights: true },
      ...{ exchanger: true, clock: true, mailer: true, blocked: true, spf: true },
    });
    const { code, findings } = await host.doctor();
    assert.equal(code, 2);
    const bad = findings.filter(isBad);
    const wanted: Readonly<Record<string, RegExp>> = {
      permissions: /every user of this machine may use .*mx\.key/,
      disk: /the file system of .*small has \d+ KiB of 4\.0 MiB left/,
      clock: /the clock is 3600 s behind/,
      resolver: /says that bogus\.example does not exist, instead of SERVFAIL/,
      ptr: /the name of 198\.18\.0\.25 \(PTR\), other\.example\.net, does not lead back/,
      mx: /the exchanger second\.example\.net does not take mail: 127\.9\.9\.9 refuses/,
      spf: /the SPF record of example\.net is wrong: it needs more than 10 lookups/,
      certificates: /mx\.pem expired at/,
      outgoing: /port \d+ of 127\.0\.0\.1 cannot be reached from here/,
      mailer: /there is no program \/usr\/sbin\/absent-mailer/,
    };
    assert.deepEqual(bad.map(({ check }) => check), Object.keys(wanted), printed(bad));
    for (const { check, what, mend } of bad) {
      assert.match(what, wanted[check]!);
      assert.ok(mend, what);
    }
    const text = await host.print("--only", "spf,disk");
    assert.match(
      text.stdout,
      /^postmaster: 2 faults, 1 note\nfault: disk: .*\n {4}mend it: .*\nfault: spf: /,
    );
    assert.equal(text.code, 2);
  },
});
