/**
 * The handlers of the server that `queue_fairness.ts` measures: mail for each domain goes to a target that behaves as a
 * server of that domain would.
 *
 * @module
 */
import { appendFileSync } from "node:fs";
import { defineTarget, on } from "postmaster";

/** Milliseconds that servers take. */
const TIMES: Readonly<Record<string, number>> = { "dead.example": 5000, "slow.example": 2000 };
const USUAL = 5;

const place = defineTarget<{ domain: string }>("place", {
  destination: ({ domain }) => domain,
  open: ({ domain }, { signal }) => {
    let recipients = 0;
    let text = "";
    return {
      recipient: () => void recipients++,
      body: async (message) => {
        for await (const chunk of message.read()) text += new TextDecoder().decode(chunk);
      },
      commit: async () => {
        await new Promise((resolve, reject) => {
          signal.addEventListener("abort", reject);
          setTimeout(resolve, TIMES[domain] ?? USUAL);
        });
        const [, sent] = /^X-Sent: (\d+)/m.exec(text) ?? [];
        if (sent !== undefined) appendFileSync("fresh", `${Date.now() - Number(sent)}\n`);
        const outcome = domain === "dead.example"
          ? {
            ...{ result: "deferred", status: "4.4.1", reason: "no answer" } as const,
            scope: "destination" as const,
          }
          : { result: "delivered", reason: "taken" } as const;
        return Array.from({ length: recipients }, () => outcome);
      },
      abort: () => Promise.resolve(),
    };
  },
});

export default on("AddRcptTo", ({ mailbox }) => place({ domain: mailbox.domain }));
