/**
 * Happy eyeballs (RFC 8305): of several addresses, the first that answers.
 * @module
 */
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { isIpv6 } from "../base/ip.ts";
import { messageOf } from "../base/message_of.ts";
import { printDuration } from "../base/units.ts";

/** An address that may be connected to. */
export interface Candidate {
  /** For people. */
  readonly address: string;
  readonly to: NetConnectOpts;
}

/** How a connection is made. */
export interface ConnectHow {
  /** Milliseconds for each address. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** A connection, or why there is none, for each address that was tried. */
export type Connected = { readonly socket: Socket; readonly address: string } | {
  readonly failures: readonly string[];
};

/** Milliseconds after which the next address is tried beside the one before. */
const STAGGER = 250;

/** Addresses with the families in turns, IPv6 first, otherwise in their order. */
export function interleaved(addresses: readonly string[]): string[] {
  const six = addresses.filter(isIpv6);
  const four = addresses.filter((address) => !isIpv6(address));
  return Array.from({ length: Math.max(six.length, four.length) }, (_, i) => [six[i], four[i]])
    .flat().filter((address) => address !== undefined);
}

/** Connects to the first of these that answers. Never rejects. */
export function connectToFirst(
  candidates: readonly Candidate[],
  { timeout, signal }: ConnectHow,
): Promise<Connected> {
  return new Promise((resolve) => {
    const open = new Set<Socket>();
    const failures: string[] = [];
    let next = 0;
    let stagger: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const end = (connected: Connected) => {
      isOver = true;
      clearTimeout(stagger);
      signal.removeEventListener("abort", abort);
      if ("socket" in connected) open.delete(connected.socket);
      for (const socket of open) socket.destroy();
      resolve(connected);
    };
    const abort = () => end({ failures: [...failures, "nobody waits for it any more"] });
    const begin = () => {
      clearTimeout(stagger);
      const candidate = candidates[next++];
      if (candidate === undefined) {
        if (open.size === 0) end({ failures });
        return;
      }
      const { address, to } = candidate;
      const socket = connect({ ...to, noDelay: true } as NetConnectOpts);
      open.add(socket);
      const fail = (why: string) => {
        if (isOver || !open.delete(socket)) return;
        socket.destroy();
        failures.push(`${address} ${why}`);
        begin();
      };
      const deadline = setTimeout(fail, timeout, `does not answer in ${printDuration(timeout)}`);
      socket.on("error", (error) => fail(wordsFor(error, to)));
      socket.once("close", () => clearTimeout(deadline));
      socket.once("connect", () => {
        clearTimeout(deadline);
        if (open.has(socket)) end({ socket, address });
      });
      stagger = setTimeout(begin, STAGGER);
    };
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    begin();
  });
}

/** What went wrong, after the address. */
function wordsFor(error: unknown, to: NetConnectOpts): string {
  const { code, syscall } = error as { readonly code?: string; readonly syscall?: string };
  if (syscall === "bind" && "localAddress" in to) {
    return `cannot be connected to from ${to.localAddress}: this machine has no such address`;
  }
  return WORDS[code ?? ""] ?? messageOf(error);
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refuses connections",
  EHOSTUNREACH: "cannot be reached",
  ENETUNREACH: "cannot be reached",
  ETIMEDOUT: "does not answer",
  ECONNRESET: "hangs up",
  ENOENT: "does not exist",
  EACCES: "may not be connected to",
};
