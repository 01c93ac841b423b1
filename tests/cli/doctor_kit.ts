/**
 * A host for `postmaster doctor` to look at: a running server with a real DNS, certificates, a small disk and a server
 * of time. Each of its parts can be right or wrong.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { createServer } from "node:https";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import { recordName, recordOf } from "../../src/signing/key_record.ts";
import { freePort } from "../ports.ts";
import { Sink } from "../relay/sink.ts";
import { Directory, PROGRAM, run, Running } from "../running.ts";
import { issue } from "../tls/authority.ts";
import { Unbound } from "../unbound.ts";

/** The address that mail is sent from. It is that of no machine, and resolvers do not answer for it by themselves. */
const SENDING = "198.18.0.25";
/** How many octets the small disk has. */
const SMALL = 4 * 1024 * 1024;

/** What is wrong; nothing by default. */
export interface Faults {
  readonly ptr?: boolean;
  readonly certificate?: boolean;
  readonly resolver?: boolean;
  readonly disk?: boolean;
  readonly rights?: boolean;
  readonly exchanger?: boolean;
  readonly clock?: boolean;
  readonly mailer?: boolean;
  readonly blocked?: boolean;
  readonly spf?: boolean;
}

/** What doctor says. */
export interface Said {
  readonly code: number;
  readonly findings: readonly Finding[];
}

/** The host. */
export class Host implements AsyncDisposable {
  readonly server: Running;
  readonly #stack: AsyncDisposableStack;
  readonly #flags: readonly string[];

  private constructor(server: Running, flags: readonly string[], stack: AsyncDisposableStack) {
    this.server = server;
    this.#flags = flags;
    this.#stack = stack;
  }

  /** Starts everything. */
  static async start(faults: Faults = {}): Promise<Host> {
    await using opened = new AsyncDisposableStack();
    const port = freePort();
    const authority = await issue({ name: "authority", below: 0 });
    const days: [number, number] = faults.certificate ? [-30, -1] : [-1, 30];
    const own = await issue({ name: "mx", domains: ["mx.example.net"], by: authority, days });
    const web = await issue({ name: "web", domains: ["mta-sts.example.net"], by: authority });
    const policy = opened.use(await policyServer(web));
    const sink = opened.use(await Sink.start());
    const time = opened.use(await timeServer(faults.clock ? 3_600_000 : 0));
    const pem = generateKeyPairSync("ed25519").privateKey
      .export({ type: "pkcs8", format: "pem" }) as string;
    const key = { domain: "example.net", selector: "a", algorithm: "ed25519-sha256", pem } as const;
    const terms = Array.from({ length: faults.spf ? 11 : 9 }, (_, i) => `a:a${i}.example.net`);
    const tlsa = createHash("sha256").update(own.spki).digest("hex");
    const zone = `
@ MX 10 mx
@ MX 20 second
mx A 127.0.0.1
mx A ${SENDING}
second A ${faults.exchanger ? "127.9.9.9" : "127.0.0.1"}
other A 127.9.9.9
a0 A 192.0.2.1
${terms.map((_, i) => `a${i} A 192.0.2.${i}`).slice(1).join("\n")}
@ TXT "v=spf1 ip4:${SENDING} ${terms.join(" ")} -all"
${recordName(key)}. TXT "${recordOf(key)}"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:reports@example.net"
_mta-sts TXT "v=STSv1; id=1"
mta-sts A ${policy.address}
_${port}._tcp.mx TLSA 3 1 1 ${tlsa}`;
    const ptr = `25 PTR ${faults.ptr ? "other" : "mx"}.example.net.`;
    const unbound = opened.use(
      await Unbound.start(
        { "example.net": zone, "0.18.198.in-addr.arpa": ptr, "bogus.example": "@ A 192.0.2.1" },
        { "example.net": {}, "bogus.example": { expired: true } },
      ),
    );
    const dns = faults.resolver ? opened.use(await hidingFailures(unbound)) : unbound;
    const directory = opened.use(new Directory());
    for (const name of ["small", "state", "state/dkim", "state/dkim/example.net"]) {
      Deno.mkdirSync(directory.of(name));
    }
    const written = {
      "ca.pem": authority.certificate,
      "mx.pem": own.certificate,
      "mx.key": own.key,
      "state/dkim/example.net/a.pem": pem,
    };
    for (const [name, text] of Object.entries(written)) {
      const isOpen = name === "mx.key" && faults.rights === true;
      Deno.chmodSync(directory.write(name, text), isOpen ? 0o644 : 0o600);
    }
    const command = faults.mailer
      ? ["/usr/sbin/absent-mailer"]
      : ["tee", "-a", directory.of("mail")];
    const mount = `mount -t tmpfs -o size=${SMALL} tmpfs "$0" && exec "$@"`;
    const program = ["unshare", "--mount", "sh", "-c", mount, directory.of("small"), ...PROGRAM];
    const server = opened.use(
      await Running.start(() => ({
        listen: [`127.0.0.1:${port}`, { address: `unix:${directory.of("lmtp")}`, kind: "lmtp" }],
        tls: { certificate: directory.of("mx.pem"), key: directory.of("mx.key") },
        dns: { servers: [dns.address], validating: true },
        relay: { mx: { port }, allow: ["127.0.0.0/8"], ca: directory.of("ca.pem") },
        "dkim-sign": {},
        "spool-directory": directory.of("small"),
        queue: {},
        deliver: "queued",
        mailer: { command },
      }), { directory, program }),
    );
    if (faults.disk) {
      const full = new Uint8Array(SMALL - 16 * 1024);
      Deno.writeFileSync(`/proc/${server.pid}/root${directory.of("small/full")}`, full);
    }
    const reached = `127.0.0.1:${faults.blocked ? freePort() : sink.port}`;
    const flags = ["--address", SENDING, "--mx", reached, "--ntp", time.address];
    return new Host(server, [...flags, "--bogus", "bogus.example"], opened.move());
  }

  /** Runs doctor on the host. */
  doctor(...args: readonly string[]): Promise<Said> {
    return this.doctorAfter("true", ...args);
  }

  /** Runs doctor on the host, after shell commands in its process. */
  async doctorAfter(before: string, ...args: readonly string[]): Promise<Said> {
    const { code, stdout, stderr } = await this.#run(before, "--json", ...args);
    if (stderr !== "") throw new Error(stderr);
    return { code, findings: JSON.parse(stdout).findings };
  }

  /** Runs doctor, and gives what it prints. */
  print(...args: readonly string[]): ReturnType<typeof run> {
    return this.#run("true", ...args);
  }

  #run(before: string, ...args: readonly string[]): ReturnType<typeof run> {
    const config = this.server.directory.of("postmaster.yaml");
    const there = ["--mount", "--wd", "--target", String(this.server.pid), "--", ...PROGRAM];
    const command = ["nsenter", ...there, "doctor", "-c", config, ...this.#flags, ...args];
    return run("sh", ["-c", `${before}\nexec "$@"`, "sh", ...command]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** An HTTPS server on port 443, with a policy of MTA-STS. */
async function policyServer({ certificate: cert, key }: { certificate: string; key: string }) {
  const [a, b] = crypto.getRandomValues(new Uint8Array(2));
  const address = `127.${200 + a! % 50}.${b}.1`;
  const policy = "version: STSv1\nmode: enforce\nmx: mx.example.net\nmx: second.example.net\n" +
    "max_age: 86400\n";
  const server = createServer(
    { cert, key },
    (_, response) => void response.writeHead(200, { "content-type": "text/plain" }).end(policy),
  );
  await new Promise<void>((resolve) => server.listen(443, address, resolve));
  return {
    address,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function udp(answer: (socket: Socket, packet: Buffer, from: number) => void) {
  const socket = createSocket("udp4");
  socket.on("message", (packet, { port }) => answer(socket, packet, port));
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

/** A server of time (SNTP) whose clock is so many milliseconds ahead. */
const timeServer = (ahead: number) =>
  udp((socket, packet, from) => {
    const answer = Buffer.alloc(48);
    answer.set([0x24, 2]);
    packet.copy(answer, 24, 40, 48);
    const now = (Date.now() + ahead) / 1000 + 2_208_988_800;
    for (const at of [32, 40]) {
      answer.writeUInt32BE(Math.floor(now), at);
      answer.writeUInt32BE(Math.floor(now % 1 * 2 ** 32), at + 4);
    }
    socket.send(answer, from, "127.0.0.1");
  });

/** A resolver that says NXDOMAIN where another one says SERVFAIL. */
const hidingFailures = ({ server }: Unbound) =>
  udp((socket, packet, from) => {
    const asking = createSocket("udp4");
    asking.on("message", (answer) => {
      const SERVFAIL = 2, NXDOMAIN = 3;
      if ((answer[3]! & 15) === SERVFAIL) answer[3] = answer[3]! & 0xf0 | NXDOMAIN;
      socket.send(answer, from, "127.0.0.1");
      asking.close();
    });
    asking.send(packet, server.port, server.address);
  });
