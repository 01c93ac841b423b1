/**
 * Clients that send everything, then close their half of the connection, and read.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chain, type Handler, on } from "postmaster";
import { dialogueOf } from "../../src/testing/dialogue_of.ts";
import { FakeClock } from "../../src/testing/fake_clock.ts";
import { keeping } from "../../src/testing/outbox.ts";
import { until } from "../running.ts";
import { onlyJoe } from "./policy.ts";

/** A session whose client takes the first replies only when it says so. */
function slowReader(policy: Handler) {
  let said = "";
  let isClosed = false;
  let takes = false;
  const transport = {
    send: (replies: string) => {
      said += replies;
      return takes;
    },
    hold: () => {},
    secure: () => Promise.resolve(undefined),
    close: () => void (isClosed = true),
    drop: () => void (isClosed = true),
  };
  const dialogue = dialogueOf(policy, { clock: new FakeClock(), targets: keeping([]) }, transport);
  dialogue.start();
  const take = () => {
    takes = true;
    dialogue.sent();
  };
  const codes = async () => {
    await until("the server closes", () => isClosed);
    return said.match(/^\d{3}(?= )/gm)?.map(Number);
  };
  return { dialogue, take, codes };
}

const bytes = (...lines: readonly string[]) =>
  new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join(""));

Deno.test("commands that wait for a client to take replies are answered, although it sends no more", async () => {
  const { dialogue, take, codes } = slowReader(onlyJoe);
  dialogue.receive(bytes("EHLO a.example", "NOOP", "NOOP"));
  dialogue.end();
  take();
  assert.deepEqual(await codes(), [220, 250, 250, 250]);
});

Deno.test("commands behind a message that a handler answers early are answered, although the client sends no more", async () => {
  const broken = on("Deliver", () => Promise.reject(new Error("broken")));
  const { dialogue, take, codes } = slowReader(chain(broken, onlyJoe));
  take();
  const envelope = ["MAIL FROM:<ann@example.org>", "RCPT TO:<joe@example.net>", "DATA"];
  dialogue.receive(bytes("EHLO a.example", ...envelope, "x", ".", "NOOP", "QUIT"));
  dialogue.end();
  assert.deepEqual(await codes(), [220, 250, 250, 250, 354, 451, 250, 221]);
});
