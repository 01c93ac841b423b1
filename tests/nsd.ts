/**
 * A real DNS server for tests: nsd, with the zones that a test gives it.
 *
 * @module
 */
import { within } from "../src/base/within.ts";
import { exchange } from "../src/dns/exchange.ts";
import type { DnsServer } from "../src/dns/server_address.ts";
import { freePort } from "./ports.ts";
import { Directory, until } from "./running.ts";

/** A running nsd. */
export class Nsd {
  readonly server: DnsServer;
  readonly directory: Directory;
  readonly #child: Deno.ChildProcess;

  private constructor(server: DnsServer, directory: Directory, child: Deno.ChildProcess) {
    this.server = server;
    this.directory = directory;
    this.#child = child;
  }

  /** `127.0.0.1:5353`. */
  get address(): string {
    return `${this.server.address}:${this.server.port}`;
  }

  /**
   * Starts it and waits until it answers. Zones are given by their names, as the records in them.
   *
   * @param served makes another file of the file of a zone, and returns its path
   */
  static async start(
    zones: Readonly<Record<string, string>>,
    served: (name: string, directory: Directory) => string = (name) => `${name}.zone`,
    tries = 3,
  ): Promise<Nsd> {
    const directory = new Directory();
    const server = { address: "127.0.0.1", port: freePort() };
    const path = directory.path;
    const names = Object.keys(zones);
    for (const name of names) writeZone(directory, name, zones[name] ?? "");
    const config = directory.write(
      "nsd.conf",
      [
        "server:",
        `  ip-address: ${server.address}`,
        `  port: ${server.port}`,
        '  username: ""',
        '  chroot: ""',
        `  zonesdir: "${path}"`,
        `  pidfile: "${path}/pid"`,
        `  zonelistfile: "${path}/zone.list"`,
        `  xfrdfile: "${path}/xfrd.state"`,
        `  xfrdir: "${path}"`,
        "  server-count: 1",
        "  verbosity: 0",
        "remote-control:",
        "  control-enable: no",
        ...names.flatMap((name) => [
          ...["zone:", `  name: "${name}"`, `  zonefile: "${served(name, directory)}"`],
        ]),
        "",
      ].join("\n"),
    );
    const child = new Deno.Command("/usr/sbin/nsd", {
      args: ["-d", "-c", config],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const nsd = new Nsd(server, directory, child);
    const [first = "example.net"] = names;
    let hasEnded = false;
    child.status.then(() => hasEnded = true);
    await until("nsd answers", async () => {
      return hasEnded ||
        await exchange({ name: first, type: "SOA" }, server, 200).then(() => true, () => false);
    });
    if (!hasEnded) return nsd;
    if (tries === 1) throw new Error(`nsd ends at once: nsd -d -c ${config} says why`);
    directory[Symbol.dispose]();
    return await Nsd.start(zones, served, tries - 1); // somebody else has taken the port
  }

  /** Puts other records into a zone, and waits until they are served. */
  async replace(name: string, records: string): Promise<void> {
    const serial = writeZone(this.directory, name, records);
    await until("the new zone is served", async () => {
      this.#child.kill("SIGHUP"); // just started, it may overhear the first one
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { answers } = await exchange({ name, type: "SOA" }, this.server, 1000);
      return (answers[0]?.data as { readonly serial: number }).serial === serial;
    });
  }

  /** Ends it: nobody answers any more. */
  async stop(): Promise<void> {
    const { status } = this.#child;
    // Just started, it may overhear the first TERM.
    for (let ended = false; !ended; ended = await within(status, 200)) {
      try {
        this.#child.kill("SIGTERM");
      } catch { /* it has ended */ }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.directory[Symbol.dispose]();
  }
}

let serial = 0;

function writeZone(directory: Directory, name: string, records: string): number {
  serial++;
  directory.write(
    `${name}.zone`,
    `$ORIGIN ${name}.\n$TTL 60\n@ SOA ns.${name}. hostmaster.${name}. ${serial} 3600 600 86400 7\n` +
      `@ NS ns.${name}.\n${records}\n`,
  );
  return serial;
}
