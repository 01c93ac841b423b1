/** Each check of `postmaster doctor` by itself, against real servers of DNS and SMTP. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createSocket } from "node:dgram";
import { runChecks } from "../../src/cli/doctor/check.ts";
import { CHECKS } from "../../src/cli/doctor/checks.ts";
import { examine } from "../../src/cli/doctor/examine.ts";
import { exitCodeOf, type Finding, type Level } from "../../src/cli/doctor/finding.ts";
import type { Wishes } from "../../src/cli/doctor/installation.ts";
import { printFindings } from "../../src/cli/doctor/print.ts";
import { need, needOwnMounts, needRoot } from "../need.ts";
import { Nsd } from "../nsd.ts";
import { freePort } from "../ports.ts";
import { Sink } from "../relay/sink.ts";
import { Directory, postmaster, PROGRAM, run, type Settings } from "../running.ts";
import { issue, type Issued } from "../tls/authority.ts";

const WISHES: Wishes = {
  ...{ addresses: ["198.18.0.25"], exchangers: [], clock: undefined },
  ...{ bogus: "bogus.example", recipient: undefined },
};

const BASIC: Settings = {
  ...{ hostname: "mx.example.net", listen: ["127.0.0.1:0"], domains: ["example.net"] },
  ...{ users: ["you"], mailer: { command: ["cat"] } },
};

/** What checks find with a configuration. */
async function found(
  names: string,
  directory: Directory,
  settings: Settings,
  wishes: Partial<Wishes> = {},
): Promise<readonly Finding[]> {
  const state = directory.of("state");
  const file = directory.write("postmaster.yaml", {
    ...BASIC,
    "state-directory": state,
    ...settings,
  });
  const checks = CHECKS.filter(({ name }) => names.split(" ").includes(name));
  assert.equal(checks.length, names.split(" ").length);
  return await runChecks(checks, await examine(file, { ...WISHES, ...wishes }));
}

/** Each finding in a line: `fault where: what | mend`. */
const lines = (findings: readonly Finding[]): string =>
  findings.map(({ level, where, what, mend }) => `${level} ${where}: ${what} | ${mend}`).join("\n");

/** Whether the lines have all of these. */
function says(findings: readonly Finding[], ...patterns: readonly RegExp[]): void {
  for (const pattern of patterns) assert.match(lines(findings), pattern);
}

const KEY = generateKeyPairSync("ed25519").privateKey
  .export({ type: "pkcs8", format: "pem" }) as string;

Deno.test({
  name: "records of domains that are missing or wrong are found, with the right record",
  ...need("nsd"),
  fn: async (t) => {
    await using sink = await Sink.start();
    await using nsd = await Nsd.start({
      "example.net": `
mx A 198.18.0.25
alias CNAME mx
@ MX 10 mx
@ MX 20 alias
@ MX 30 127.0.0.1.
@ TXT "v=spf1 ip4:192.0.2.1 -all"
@ TXT "something else"
_dmarc TXT "v=DMARC1; p=nothing; rua=mailto:reports@elsewhere.example"
a._domainkey TXT "v=DKIM1; k=ed25519; p=AAAA"
_${sink.port}._tcp.mx TLSA 3 1 1 ${"ab".repeat(32)}
null MX 0 .
null TXT "v=spf1 a:x1.example.net a:x2.example.net a:x3.example.net -all"
two MX 10 other
two TXT "v=spf1 -all"
two TXT "v=spf1 ~all"
_dmarc.two TXT "v=DMARC1; p=none"
_dmarc.two TXT "v=DMARC1; p=reject"
_mta-sts.two TXT "v=STSv1; id=1"
other A 127.0.0.1
implicit A 198.18.0.25`,
      "0.18.198.in-addr.arpa": "26 PTR mx.example.net.",
      "elsewhere.example": "",
    });
    using directory = new Directory();
    for (const name of ["state", "state/dkim", "state/dkim/example.net"]) {
      Deno.mkdirSync(directory.of(name));
    }
    for (const name of ["a", "b"]) directory.write(`state/dkim/example.net/${name}.pem`, KEY);
    const at = (names: string, wishes: Partial<Wishes> = {}, domains = "example.net") =>
      found(names, directory, {
        domains: domains.split(" "),
        dns: { servers: [nsd.address] },
        relay: { mx: { port: sink.port }, allow: ["127.0.0.0/8"] },
        "dkim-sign": {},
      }, wishes);
    const others = ["null", "two", "implicit", "absent"].map((name) => `${name}.example.net`)
      .join(" ");

    await t.step("mx", async () => {
      says(
        await at("mx"),
        /^warning alias\.example\.net: .* is an alias of mx\.example\.net, which RFC 5321/m,
        /^warning 127\.0\.0\.1: .* is an address, and not a name/m,
      );
      says(
        await at("mx", {}, others),
        /^fault null\.example\.net: .*takes no mail \(null MX/m,
        /^note two\.example\.net: no exchanger of two\.example\.net is this server/m,
        /^warning implicit\.example\.net: .* no MX record.* \| implicit\.example\.net\. IN MX 10 mx/m,
        /^fault absent\.example\.net: the domain absent\.example\.net does not exist/m,
      );
    });
    await t.step("spf", async () => {
      says(
        await at("spf"),
        /^fault .* does not let 198\.18\.0\.25 send its mail: fail .*"v=spf1 ip4:192\.0\.2\.1 ip4:198\.18\.0\.25 -all"$/m,
      );
      says(
        await at("spf", {}, others),
        /^fault null.* more than 2 of its lookups find nothing/m,
        /^fault two.* has 2 SPF records/m,
        /^warning implicit.* no SPF record.* \| implicit\.example\.net\. IN TXT "v=spf1 ip4:198\.18\.0\.25 -all"$/m,
      );
    });
    await t.step("dkim", async () => {
      says(
        await at("dkim"),
        /^fault a\._domainkey\.example\.net: .* has a record of another key.* IN TXT "v=DKIM1; k=ed25519; p=/m,
        /^fault b\._domainkey\.example\.net: .* has no record/m,
      );
    });
    await t.step("dmarc", async () => {
      says(
        await at("dmarc"),
        /^fault example\.net: .*no policy that is known/m,
        /^warning .* \| example\.net\._report\._dmarc\.elsewhere\.example\. IN TXT "v=DMARC1"$/m,
      );
      says(
        await at("dmarc", {}, "two.example.net"),
        /^fault two.*does not have one valid record of DMARC/m,
      );
    });
    await t.step("mta-sts, tlsa and ptr", async () => {
      says(await at("tlsa"), /^fault .* has TLSA records, and no certificate/);
      says(await at("mta-sts", {}, "two.example.net"), /^fault two.* cannot be had/m);
      const wrong = await at("ptr");
      says(wrong, /^fault .* no name \(PTR\).* 25\.0\.18\.198\.in-addr\.arpa\. IN PTR mx\./m);
      says(await at("ptr", { addresses: ["198.18.0.26"] }), /^fault .*does not lead back/m);
    });
    await t.step("a DNS that is silent is not known", async () => {
      const port = freePort();
      const findings = await found("spf dmarc mx", directory, {
        dns: { servers: [`127.0.0.1:${port}`], timeout: "100 ms", attempts: 1 },
        relay: { mx: {} },
      });
      assert.deepEqual(new Set(findings.map(({ level }) => level)), new Set(["unknown"]));
      assert.equal(exitCodeOf(findings), 3);
    });
    await t.step("a server that answers only for its own zones is no resolver", async () => {
      says(
        await at("resolver"),
        /^fault .* does not answer questions of this machine \(EREFUSED\)/,
      );
    });
    await t.step("a port that is open, and one that is not", async () => {
      const exchangers = [`127.0.0.1:${sink.port}`, `127.0.0.1:${freePort()}`];
      says(await at("outgoing", { exchangers }), /^ok .*can be reached: 220/m, /^fault .*refuses/m);
      says(await at("outgoing"), /^note .*was not tried.*--mx/);
    });
  },
});

Deno.test("doctor.md has a row for each check, in their order", () => {
  const page = Deno.readTextFileSync(new URL("../../docs/doctor.md", import.meta.url));
  const [, table = ""] = /^## What it looks at\n([^]*?)^## /m.exec(page) ?? [];
  const rows = [...table.matchAll(/^\| `([\w-]+)` /gm)].map(([, name]) => name);
  assert.deepEqual(rows, CHECKS.map(({ name }) => name));
});

Deno.test({
  name: "root sees what the server's user lacks",
  ...needRoot(),
  fn: async () => {
    using directory = new Directory();
    Deno.chmodSync(directory.path, 0o755);
    Deno.mkdirSync(directory.of("state"), { mode: 0o700 });
    Deno.chmodSync(directory.write("token", "secret"), 0o600);
    const http = { url: "https://auth.example.net/", "token-file": "token" };
    const config = (more: Settings) =>
      directory.write("postmaster.yaml", {
        ...{ users: ["you"], user: "nobody", "state-directory": "state" },
        ...{ "handlers-as-root": true, mailer: { command: ["cat"] } },
        ...more,
      });
    const doctor = async (more: Settings) => {
      const only = ["--no-network", "--only", "configuration,permissions"];
      const { stdout, stderr } = await postmaster("doctor", "-c", config(more), ...only);
      assert.equal(stderr, "");
      return stdout;
    };
    assert.match(
      await doctor({}),
      /^fault: permissions: .*the server, as the user nobody, cannot write in .*state/m,
    );
    assert.match(
      await doctor({ auth: { passwords: { http } } }),
      /^fault: configuration: .*token/m,
    );
  },
});

/** A directory with the files of a certificate. */
function withFiles(own: Issued, ...chain: readonly Issued[]): Directory {
  const directory = new Directory();
  directory.write("mx.pem", [own, ...chain].map(({ certificate }) => certificate).join(""));
  Deno.chmodSync(directory.write("mx.key", own.key), 0o600);
  return directory;
}

Deno.test("certificates that end soon, are for others, or lead nowhere are found", async () => {
  const root = await issue({ name: "root", below: 1 });
  const middle = await issue({ name: "middle", below: 0, by: root });
  const domains = ["mx.example.net"];
  const judged = async (own: Issued, ...chain: readonly Issued[]) => {
    using directory = withFiles(own, ...chain);
    directory.write("root.pem", root.certificate);
    return await found("certificates", directory, {
      tls: { certificate: directory.of("mx.pem"), key: directory.of("mx.key") },
      relay: { mx: {}, ca: directory.of("root.pem") },
    });
  };
  const good = await issue({ name: "mx", domains, by: middle });
  assert.deepEqual((await judged(good, middle)).map(({ level }) => level), ["ok"]);
  says(await judged(good), /^warning .*incomplete: it lacks the certificate of CN=middle/);
  says(
    await judged(await issue({ name: "mx", domains, by: middle, days: [-9, 9] }), middle),
    /^warning .*expires at/,
  );
  says(await judged(await issue({ name: "mx", domains })), /^note .*signed by itself/);
  says(
    await judged(await issue({ name: "mx", domains: ["other.example.net"], by: middle }), middle),
    /^warning .*and not for `hostname`, mx\.example\.net/,
  );
});

Deno.test("a key of another certificate is told once", async () => {
  const [own, other] = [await issue({ name: "mx" }), await issue({ name: "other" })];
  using directory = withFiles(own);
  Deno.writeTextFileSync(directory.of("mx.key"), other.key);
  const findings = await found("configuration certificates permissions mailer", directory, {
    tls: { certificate: directory.of("mx.pem"), key: directory.of("mx.key") },
  });
  const bad = findings.filter(({ level }) => level === "fault");
  assert.equal(bad.length, 1, lines(bad));
  says(bad, /postmaster\.yaml:\d+:\d+: `tls\.key`: it does not belong to the certificate/);
});

Deno.test("a server that does not run, and a mail store that does not, are found", async () => {
  using directory = new Directory();
  const findings = await found("ports queue delivery mailer", directory, {
    listen: [`127.0.0.1:${freePort()}`],
    mailer: { lmtp: `unix:${directory.of("absent")}` },
  });
  says(
    findings,
    /^fault .*the server does not answer at 127\.0\.0\.1:\d+: .*systemctl start postmaster/m,
    /^note .*no server has the queue/m,
    /^fault .*the mail store .* does not answer/m,
  );
});

Deno.test("a foreign server at the port is found by its name", async () => {
  await using sink = await Sink.start();
  using directory = new Directory();
  const settings = { listen: [`127.0.0.1:${sink.port}`] };
  says(await found("ports", directory, settings), /^warning .*is not of mx\.example\.net: 220/);
});

Deno.test("what others may change is found", async () => {
  using directory = new Directory();
  Deno.mkdirSync(directory.of("open"));
  Deno.chmodSync(directory.of("open"), 0o777);
  directory.write("open/policy.ts", "export default []");
  const settings = { handlers: ["./open/policy.ts"] };
  says(await found("permissions", directory, settings), /^fault .*may change .*\/open, .*o-w/);
});

Deno.test("a server of time that is silent or unsure says nothing of the clock", async () => {
  using directory = new Directory();
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  socket.on("message", (packet, { port }) => {
    const answer = new Uint8Array(48);
    answer.set([0xe4, 0]); // it has no time itself
    answer.set(packet.subarray(40, 48), 24);
    socket.send(answer, port, "127.0.0.1");
  });
  const clock = `127.0.0.1:${socket.address().port}`;
  says(await found("clock", directory, {}, { clock }), /^unknown .*does not know the time/);
  socket.close();
  says(await found("clock", directory, {}, { clock }), /^unknown .*cannot be asked/);
});

Deno.test("a check that breaks or does not end is a finding, and the others go on", async () => {
  using directory = new Directory();
  const installation = await examine(
    directory.write("postmaster.yaml", { users: ["you"], "state-directory": directory.of("s") }),
    WISHES,
  );
  const check = { about: "", network: false };
  const broken = { ...check, name: "broken", run: () => Promise.reject(new Error("no idea")) };
  const endless = { ...check, name: "endless", run: () => new Promise<never>(() => {}) };
  const good = CHECKS.find(({ name }) => name === "disk")!;
  const findings = await runChecks([broken, endless, good], installation, 1000);
  says(
    findings,
    /^unknown broken: the check broke: no idea/m,
    /^unknown endless: .*within 1 s/m,
    /^(ok|warning) .*the file system/m,
  );
});

Deno.test("the worst finding decides the exit code, and stands first", () => {
  const of = (...levels: readonly Level[]) =>
    levels.map((level) => ({ check: level, level, what: `it is ${level}` }));
  assert.deepEqual(
    [of(), of("ok", "note"), of("unknown", "ok"), of("unknown", "warning"), of("fault", "warning")]
      .map(exitCodeOf),
    [0, 0, 3, 1, 2],
  );
  assert.deepEqual(printFindings(of("ok", "fault", "note", "warning")), [
    "postmaster: 1 fault, 1 warning, 1 note",
    ...["fault", "warning", "note", "ok"].map((level) => `${level}: ${level}: it is ${level}`),
  ]);
});

Deno.test("mail of programs that nobody takes is found, and a directory that is missing", async () => {
  using directory = new Directory();
  const look = () => found("drop", directory, { drop: { directory: directory.of("drop") } });
  says(await look(), /^fault .*: there is no .*drop, .* \| install -d -o \d+ -m 1733 .*\/drop$/m);

  Deno.mkdirSync(directory.of("drop"));
  assert.doesNotMatch(lines(await look()), /^(warning|fault)/m);

  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
  for (
    const [name, age] of [["mail.a", 3], ["mail.b", 2], ["mail.c", 0], ["draft.d", 4]] as const
  ) {
    Deno.utimeSync(directory.write(`drop/${name}`, ""), hoursAgo(age), hoursAgo(age));
  }
  says(
    await look(),
    /^warning .*: 2 messages of programs .* wait in .*, the oldest for 3 h \|/m,
  );
});

Deno.test({
  name:
    "whose /usr/sbin/sendmail is called, and whether the server takes what it leaves, is looked at",
  ...needOwnMounts(),
  async fn() {
    using directory = new Directory();
    const config = (name: string, drop: object) =>
      directory.write(name, { ...BASIC, "state-directory": directory.of("state"), ...drop });
    const without = config("without.yaml", {});
    const withDrop = config("with.yaml", { drop: { directory: directory.of("drop") } });
    for (const name of ["bin", "drop"]) Deno.mkdirSync(directory.of(name));
    const program = PROGRAM.map((word) => `'${word}'`).join(" ");
    const { stdout } = await run("unshare", [
      "--mount",
      "sh",
      "-c",
      `
      mount -t tmpfs tmpfs /usr/sbin
      doctor() { ${program} doctor --only drop --config "$1"; echo =; }
      doctor ${withDrop}
      ${program} install-sendmail --config ${withDrop} --dir ${directory.of("bin")} >&2
      ln -s ${directory.of("bin/sendmail")} /usr/sbin/
      doctor ${withDrop}
      doctor ${without}`,
    ]);
    const [none, own, untaken] = stdout.split("=\n");
    assert.match(none!, /^note: drop: \/usr\/sbin\/sendmail is not Postmaster's/m);
    assert.doesNotMatch(own!, /^(note|warning|fault): drop/m);
    assert.match(untaken!, /^fault: drop: programs leave .* this server does not take it/m);
  },
});
