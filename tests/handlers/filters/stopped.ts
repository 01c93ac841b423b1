/**
 * Real filters that are stopped, and killed in the midst of a message.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, discard, type Handler, on } from "postmaster";
import { until } from "../../running.ts";
import type { Program } from "../milter/program.ts";
import { HELLO, sent } from "../milter/sessions.ts";

/** What filters have in common. */
interface Options {
  readonly address: string;
  readonly timeout: string;
  readonly onFailure?: "accept" | "defer";
}

/** More than a socket takes of which nothing is read, so that the filter dies in the midst of it. */
const LONG = `${HELLO}${`${"x".repeat(70)}\r\n`.repeat(10_000)}`;

/** Sockets of this process. */
const sockets = (): number => {
  let count = 0;
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      if (Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith("socket:")) count++;
    } catch { /* it was closed meanwhile */ }
  }
  return count;
};

/** How many are connected to a Unix socket, `unix:/tmp/socket`, besides the program that listens there. */
const clientsOf = (address: string): number =>
  Deno.readTextFileSync("/proc/net/unix").split("\n")
    .filter((line) => line.endsWith(` ${address.replace("unix:", "")}`)).length - 1;

/** Mail waits or goes on with a note while the filter is stopped, and when it is killed; nothing stays open. */
export async function assertNotLost(
  start: () => Promise<Program>,
  name: string,
  filter: (options: Options) => Handler,
): Promise<void> {
  await using program = await start();
  const asks = (options: Omit<Options, "address">) =>
    chain(
      filter({ address: program.address, ...options }),
      on("AddRcptTo", () => discard()),
    );
  assert.equal((await sent(asks({ timeout: "30 s" }))).replies.at(-1), "250 2.0.0");
  const before = sockets();
  program.kill("SIGSTOP");
  for (const message of [HELLO, LONG]) {
    const deferred = await sent(asks({ timeout: "200 ms" }), message);
    assert.deepEqual([deferred.replies.at(-1), deferred.message], ["451 4.7.1", undefined]);
    const accepted = await sent(asks({ timeout: "200 ms", onFailure: "accept" }), message);
    assert.equal(accepted.message, `X-Filter-Failed: ${name}\r\n${message}`);
  }
  await until("no connection stays", () => sockets() <= before);
  const left = clientsOf(program.address); // it has not closed its ends
  const waiting = (["defer", "accept"] as const).map((onFailure) =>
    sent(asks({ timeout: "10 min", onFailure }), LONG)
  );
  await until("it is asked", () => clientsOf(program.address) >= left + 2);
  program.kill("SIGKILL");
  const [deferred, accepted] = await Promise.all(waiting);
  assert.deepEqual([deferred!.replies.at(-1), deferred!.message], ["451 4.7.1", undefined]);
  assert.equal(accepted!.message, `X-Filter-Failed: ${name}\r\n${LONG}`);
  await until("no connection stays", () => sockets() <= before);
}
