/**
 * A relay in this process, and a server that takes its mail on a real socket.
 * @module
 */
import { connect, createServer, type Socket } from "node:net";
import { Mailbox, relay, type Route } from "postmaster";
import { DialFailure, type Dialled } from "../../src/client/dial.ts";
import { Pool } from "../../src/client/pool.ts";
import { TIMEOUTS } from "../../src/client/timeouts.ts";
import type { GlobalStore } from "../../src/handler/global_store.ts";
import { MemoryStore } from "../../src/handler/memory_store.ts";
import { Connector } from "../../src/relay/connect.ts";
import { RelayLimits, type RelayLimitSettings } from "../../src/relay/relay_limits.ts";
import { Sender } from "../../src/relay/sender.ts";
import { smtpRelayType } from "../../src/relay/smtp_relay.ts";
import type { TargetType } from "../../src/targets/target.ts";

/** A server for mail, and what it has seen. */
export interface Sink extends AsyncDisposable {
  readonly port: number;
  /** The most connections at once. */
  readonly most: number;
  /** The recipients of the messages that it took, in their order. */
  readonly taken: readonly string[];
  /** Each reply to RCPT, as `time recipient code`, with `performance.now()`. */
  readonly rcpts: readonly { readonly time: number; readonly to: string; readonly code: string }[];
}

/**
 * Starts one.
 *
 * @param rcpt the reply to RCPT; one with 421 ends the connection
 * @param slow milliseconds before the reply to a message
 */
export async function sink(rcpt = (_to: string) => "250 ok", slow = 0): Promise<Sink> {
  const sockets = new Set<Socket>();
  const taken: string[] = [];
  const rcpts: { time: number; to: string; code: string }[] = [];
  let most = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    most = Math.max(most, sockets.size);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    let rest = "", isData = false, to: string[] = [];
    socket.write("220 sink\r\n");
    socket.on("data", (octets) => {
      const lines = (rest + octets).split("\r\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (isData) {
          if (line !== ".") continue;
          isData = false;
          const these = to;
          setTimeout(() => {
            taken.push(...these);
            socket.write("250 taken\r\n");
          }, slow);
        } else if (/^EHLO/i.test(line)) socket.write("250-sink\r\n250 PIPELINING\r\n");
        else if (/^MAIL/i.test(line)) {
          to = [];
          socket.write("250 ok\r\n");
        } else if (/^RCPT/i.test(line)) {
          const [, address = ""] = /<(.*?)>/.exec(line) ?? [];
          const reply = rcpt(address);
          rcpts.push({ time: performance.now(), to: address, code: reply.slice(0, 3) });
          if (reply.startsWith("2")) to.push(address);
          socket.write(`${reply}\r\n`);
          if (reply.startsWith("421")) socket.end();
        } else if (/^DATA/i.test(line)) {
          isData = to.length > 0;
          socket.write(isData ? "354 go on\r\n" : "554 nobody\r\n");
        } else if (/^QUIT/i.test(line)) {
          sockets.delete(socket);
          socket.end("221 bye\r\n");
        } else socket.write("250 ok\r\n");
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    get most() {
      return most;
    },
    ...{ taken, rcpts },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The limits of a relay; what is not given is as by default. */
export const limitsOf = (
  settings: Partial<RelayLimitSettings> = {},
  store: GlobalStore = new MemoryStore(),
): RelayLimits =>
  new RelayLimits({
    ...{ exchanger: { concurrency: 20, initial: 5 }, exchangers: [], sourceLimits: {} },
    ...settings,
  }, store);

/** How a relay of tests sends. */
export interface RelaySetup {
  /** The exchangers of a domain. */
  readonly hostsOf: (domain: string) => readonly string[];
  /** The port of each exchanger here; `undefined` for one that never answers. */
  readonly portOf: (host: string) => number | undefined;
  readonly limits?: Partial<RelayLimitSettings>;
  /** Milliseconds for a connection. */
  readonly patience?: number;
  readonly globals?: GlobalStore;
}

/** The target `relay`, and its end. */
export function relayOf(setup: RelaySetup): { type: TargetType; close: () => Promise<void> } {
  const { hostsOf, portOf, limits, patience = 30_000, globals = new MemoryStore() } = setup;
  const pool = new Pool();
  const dial = async ({ host }: { host: string }, signal: AbortSignal): Promise<Dialled> => {
    const port = portOf(host);
    if (port === undefined) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, patience);
        signal.addEventListener("abort", () => (clearTimeout(timer), resolve(undefined)));
      });
      throw new DialFailure(`${host} does not answer`);
    }
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return { socket, address: "127.0.0.1" };
  };
  const policy = { type: "no-policy-found", strings: [], domain: "", mxHosts: [] } as const;
  const sender = new Sender({
    routing: {
      wayTo: (domain) =>
        Promise.resolve({
          hops: hostsOf(domain).map((host) => ({ scheme: "smtp", host, port: 25 })),
          domain,
          exchangers: { hosts: hostsOf(domain), implicit: false },
          ...{ areNamed: false, arePartial: false },
        }),
      destinationOf: (domain) => domain,
    },
    security: {
      of: () =>
        Promise.resolve({
          policy,
          of: () => Promise.resolve({ requirement: { level: "none" }, policy }),
        }),
    },
    connector: new Connector({
      ...{ dial, pool, name: "mx.example.net", timeouts: TIMEOUTS },
      secure: () => Promise.reject(new Error("not here")),
    }),
    limits: limitsOf(limits, globals),
  });
  return { type: smtpRelayType({ sender: () => sender }), close: () => pool.close() };
}

/** The route of mail for an address that is relayed. */
export function relayed(address: string): Route {
  const recipient = Mailbox.parse(address);
  return { recipient, original: recipient, target: relay([recipient]) };
}
