/**
 * A server that sends mail to exchangers on this machine, from outside.
 *
 * @module
 */
import { equal } from "node:assert/strict";
import type { Nsd } from "../nsd.ts";
import { freePort } from "../ports.ts";
import { type Directory, postmaster, type Running, type Settings } from "../running.ts";
import type { Domains } from "./names.ts";
import { type Plan, Sink } from "./sink.ts";

/** Who sends: a user of the server. */
export const SENDER = "you@example.net";

/** A server that sends the mail of this machine to exchangers. */
export const relaying =
  (dns: Pick<Nsd, "address">, port: number, more: Settings = {}, relay: Settings = {}) =>
  (directory: Directory): Settings => ({
    handlers: [{ "relay-to": { networks: ["127.0.0.0/8"] } }],
    dns: { servers: [dns.address] },
    relay: { mx: { port }, allow: ["127.0.0.0/8"], ...relay },
    queue: { retry: ["1 h"] },
    deliver: "queued",
    log: { level: "info" },
    postmaster: "you",
    mailer: { command: ["tee", "-a", directory.of("mail")] },
    ...more,
  });

/** Hands in a message and returns the reply. */
export async function send(
  server: Running,
  to: readonly string[],
  text = "Subject: hello\r\n\r\nhello\r\n",
  from = SENDER,
): Promise<string> {
  using client = await server.connect();
  for (const line of ["EHLO client.example.net", `MAIL FROM:<${from}>`]) {
    equal((await client.command(line)).code, 250, line);
  }
  for (const one of to) equal((await client.command(`RCPT TO:<${one}>`)).code, 250, one);
  equal((await client.command("DATA")).code, 354);
  client.send(`${text}.\r\n`);
  const { code, lines } = await client.reply();
  return `${code} ${lines.join(" ")}`;
}

/** A recipient in the queue. */
export interface Listed {
  readonly recipient: string;
  readonly state: string;
  readonly lastAttempt: { readonly reason: string; readonly status?: string } | null;
}

/** What `postmaster queue list` says. */
export async function queued(server: Running): Promise<Listed[]> {
  const config = server.directory.of("postmaster.yaml");
  const { stdout, stderr } = await postmaster("queue", "list", "--json", "--config", config);
  equal(stderr, "");
  return stdout.trimEnd().split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** A sink for each domain, with an address of its own. */
export class Places implements AsyncDisposable {
  readonly sinks: Record<string, Sink> = {};
  readonly domains: Record<string, Domains[string]>;

  private constructor(readonly port: number, others: Domains) {
    this.domains = { ...others };
  }

  static async start(plans: Readonly<Record<string, Plan>>, others: Domains = {}): Promise<Places> {
    const places = new Places(freePort(), others);
    for (const [i, [domain, plan]] of Object.entries(plans).entries()) {
      const address = `127.0.1.${i + 1}`;
      places.sinks[domain] = await Sink.start({ ...plan, address, port: places.port });
      places.domains[domain] = address;
    }
    return places;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.sinks).map((sink) => sink[Symbol.asyncDispose]()));
  }
}
