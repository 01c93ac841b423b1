/**
 * A real resolver that checks DNSSEC: unbound, in front of nsd with zones that are signed.
 *
 * @module
 */
import { CachingResolver } from "../src/dns/caching_resolver.ts";
import { exchange } from "../src/dns/exchange.ts";
import type { DnsServer } from "../src/dns/server_address.ts";
import { Nsd } from "./nsd.ts";
import { freePort } from "./ports.ts";
import { Directory, until } from "./running.ts";

/** How a zone is signed. */
export interface Signing {
  /** The signatures are out of date. */
  readonly expired?: boolean;
  /** Texts in the signed zone that an attacker changes, and into what. */
  readonly forged?: Readonly<Record<string, string>>;
}

/** A running unbound with its nsd. */
export class Unbound {
  readonly server: DnsServer;
  readonly #parts: readonly [Nsd, Directory, Deno.ChildProcess];

  private constructor(server: DnsServer, ...parts: [Nsd, Directory, Deno.ChildProcess]) {
    this.server = server;
    this.#parts = parts;
  }

  /** `127.0.0.1:5353`. */
  get address(): string {
    return `${this.server.address}:${this.server.port}`;
  }

  /** A resolver that trusts it. */
  resolver(): CachingResolver {
    return new CachingResolver({
      ...{
        servers: [this.server],
        validating: true,
        timeout: 10_000,
        attempts: 1,
        cacheSize: 1000,
      },
    });
  }

  /**
   * Starts both and waits until they answer.
   *
   * @param zones as {@linkcode Nsd.start} takes them
   * @param signed the zones that are signed, whose keys unbound knows
   */
  static async start(
    zones: Readonly<Record<string, string>>,
    signed: Readonly<Record<string, Signing>>,
  ): Promise<Unbound> {
    const directory = new Directory();
    const anchors: string[] = [];
    const nsd = await Nsd.start(zones, (name, { path }) => {
      const signing = signed[name];
      if (signing === undefined) return `${name}.zone`;
      const key = ldns(path, "keygen", "-a", "ECDSAP256SHA256", "-k", name).trim();
      const dates = signing.expired === true
        ? ["-i", "20190101000000", "-e", "20200101000000"]
        : [];
      ldns(path, "signzone", ...dates, `${name}.zone`, key);
      anchors.push(`${path}/${key}.key`);
      const file = `${path}/${name}.zone.signed`;
      let text = Deno.readTextFileSync(file);
      for (const [right, wrong] of Object.entries(signing.forged ?? {})) {
        if (!text.includes(right)) throw new Error(`${right} is not in the zone`);
        text = text.replaceAll(right, wrong);
      }
      Deno.writeTextFileSync(file, text);
      return file;
    });
    const server = { address: "127.0.0.1", port: freePort() };
    const config = directory.write(
      "unbound.conf",
      [
        "server:",
        `  interface: ${server.address}@${server.port}`,
        '  username: ""',
        '  chroot: ""',
        '  pidfile: ""',
        `  directory: "${directory.path}"`,
        "  do-daemonize: no",
        "  use-syslog: no",
        "  num-threads: 1",
        "  do-not-query-localhost: no",
        '  module-config: "validator iterator"',
        ...anchors.map((file) => `  trust-anchor-file: "${file}"`),
        "remote-control:",
        "  control-enable: no",
        ...Object.keys(zones).flatMap((name) => [
          ...[
            "stub-zone:",
            `  name: "${name}"`,
            `  stub-addr: ${nsd.server.address}@${nsd.server.port}`,
          ],
        ]),
        "",
      ].join("\n"),
    );
    const child = new Deno.Command("/usr/sbin/unbound", {
      args: ["-d", "-c", config],
      ...{ stdout: "null", stderr: "null" },
    }).spawn();
    const [name = ""] = Object.keys(zones);
    await until(
      "unbound answers",
      () => exchange({ name, type: "SOA" }, server, 500).then(() => true, () => false),
    );
    return new Unbound(server, nsd, directory, child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const [nsd, directory, child] = this.#parts;
    child.kill();
    await child.status;
    directory[Symbol.dispose]();
    await nsd[Symbol.asyncDispose]();
  }
}

/** Runs a program of ldns in a directory, and returns what it says. */
function ldns(cwd: string, program: string, ...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(`ldns-${program}`, { cwd, args })
    .outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
