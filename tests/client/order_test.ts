import { deepEqual, equal, match } from "node:assert/strict";
import { orderFor } from "../../src/client/order.ts";
import type { Message } from "../../src/message/message.ts";
import { signOnce } from "../../src/signing/signer.ts";
import { mailOf, peerWith } from "./mail_of.ts";

const ordered = async (facts: Parameters<typeof mailOf>[0], ...lines: readonly string[]) =>
  await orderFor(mailOf(facts), peerWith(...lines), false);

Deno.test("a transaction says all that the server knows", async () => {
  const { orders, settled } = await ordered(
    {
      parameters: "BODY=8BITMIME RET=FULL",
      to: ["jane@example.org NOTIFY=FAILURE"],
    },
    "SIZE",
    "8BITMIME",
    "DSN",
  );
  const { order } = orders[0]!;
  equal(order.mail, "MAIL FROM:<joe@example.net> SIZE=21 BODY=8BITMIME RET=FULL");
  deepEqual(order.rcpt, [
    "RCPT TO:<jane@example.org> NOTIFY=FAILURE ORCPT=rfc822;jane@example.org",
  ]);
  equal(settled.size, 0);
});

Deno.test("a server gets no more recipients and domains at once than it takes", async () => {
  const to = ["a@one.example", "b@one.example", "c@two.example", "d@two.example", "e@two.example"];
  const cut = async (...lines: readonly string[]) =>
    (await ordered({ to }, ...lines)).orders.map(({ recipients }) => recipients);
  deepEqual(await cut(), [[0, 1, 2, 3, 4]]);
  deepEqual(await cut("LIMITS RCPTMAX=2"), [[0, 1], [2, 3], [4]]);
  deepEqual(await cut("LIMITS RCPTDOMAINMAX=1"), [[0, 1], [2, 3, 4]]);
  deepEqual(await cut("LIMITS RCPTMAX=2 RCPTDOMAINMAX=1"), [[0, 1], [2, 3], [4]]);
});

Deno.test("recipients that cannot be written are settled, and the others go", async () => {
  const { orders, settled } = await ordered({ to: ["jörg@example.org", "jane@example.org"] });
  deepEqual(orders.map(({ recipients }) => recipients), [[1]]);
  deepEqual(orders[0]!.order.rcpt, ["RCPT TO:<jane@example.org>"]);
  deepEqual([...settled.keys()], [0]);
});

Deno.test("a message that is too large for the server is not sent", async () => {
  const { orders, settled } = await ordered({ to: ["a@example.org", "b@example.org"] }, "SIZE 20");
  deepEqual([orders.length, settled.size], [0, 2]);
});

Deno.test("a message is signed in each form once, and its size is that of the signed message", async () => {
  const forms: Message[] = [];
  const signer = signOnce({
    sign: (message) => {
      forms.push(message);
      return Promise.resolve({ ...message, size: message.size + 1000 });
    },
  });
  const mail = { ...mailOf({ text: "Subject: x\r\n\r\n\u00fc\r\n" }), signer };
  const order = async (...lines: readonly string[]) =>
    (await orderFor(mail, peerWith(...lines), false)).orders[0]!.order;
  const said: string[] = [];
  for (const lines of [["SIZE", "8BITMIME"], ["SIZE"], ["SIZE", "8BITMIME"], ["SIZE"]]) {
    const { message, mail: command } = await order(...lines);
    match(command, new RegExp(` SIZE=${message.size}\\b`));
    said.push(command);
  }
  deepEqual([said[0], said[1]], [said[2], said[3]]);
  equal(forms.length, 2);
  equal(forms[0], mail.message);
  const { orders, settled } = await orderFor(mail, peerWith("8BITMIME", "SIZE 900"), false);
  deepEqual([orders.length, settled.size], [0, 1]);
});
