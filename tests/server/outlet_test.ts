import { ok } from "node:assert/strict";
import { chain } from "postmaster";
import { FakeClock } from "../../src/testing/fake_clock.ts";
import { encode } from "../../src/smtp/ascii.ts";
import { Targets } from "../../src/targets/target.ts";
import { dialogueOf } from "../../src/testing/dialogue_of.ts";
import { until } from "../running.ts";

Deno.test("a client that reads nothing has few replies made for it, and all once it reads", async () => {
  let sent = "";
  let reads = false;
  const transport = {
    send: (replies: string) => {
      sent += replies;
      return reads;
    },
    hold() {},
    secure: () => Promise.resolve(undefined),
    close() {},
    drop() {},
  };
  const ground = { clock: new FakeClock(), targets: new Targets({}) };
  const dialogue = dialogueOf(chain(), ground, transport);
  dialogue.start();
  dialogue.sent();
  dialogue.receive(encode("HELP\r\n".repeat(10_000)));
  ok(sent.length < 32 * 1024, `${sent.length} characters`);
  reads = true;
  dialogue.sent();
  await until("all are answered", () => sent.match(/^214 /gm)?.length === 10_000);
  dialogue.lost();
});
