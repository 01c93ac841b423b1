import { deepEqual, equal } from "node:assert/strict";
import { spell } from "../../src/client/utf8.ts";
import { mailOf } from "./mail_of.ts";

const HOST = "mx.example.org";
const spelled = async (facts: Parameters<typeof mailOf>[0], isOffered: boolean) => {
  const { isUtf8, sender, recipients } = await spell(mailOf(facts), { host: HOST, isOffered });
  return [
    isUtf8 ? "SMTPUTF8" : "ASCII",
    sender,
    ...recipients.map((one) =>
      typeof one === "string" ? one : one.result === "failed" ? one.status : one.result
    ),
  ];
};

Deno.test("a server with SMTPUTF8 gets addresses as they are, and SMTPUTF8 only if the mail needs it", async () => {
  const to = ["jane@bücher.example", "jörg@example.org"];
  deepEqual(await spelled({ to }, true), ["SMTPUTF8", "joe@example.net", ...to]);
  deepEqual(await spelled({ parameters: "SMTPUTF8" }, true), [
    "SMTPUTF8",
    "joe@example.net",
    "jane@example.org",
  ]);
  deepEqual(await spelled({ to: ["jane@bücher.example"] }, true), [
    "ASCII",
    "joe@example.net",
    "jane@xn--bcher-kva.example",
  ]);
});

Deno.test("without SMTPUTF8 domains go in A-labels, and each recipient beyond ASCII fails alone", async () => {
  const to = ["jane@bücher.example", "jörg@example.org", '"a,b"@Bücher.example'];
  deepEqual(await spelled({ to, sender: "joe@bücher.example", parameters: "SMTPUTF8" }, false), [
    "ASCII",
    "joe@xn--bcher-kva.example",
    "jane@xn--bcher-kva.example",
    "5.6.7",
    '"a,b"@xn--bcher-kva.example',
  ]);
});

Deno.test("without SMTPUTF8 all fail for a sender or a header beyond ASCII", async () => {
  const to = ["jane@example.org", "jim@example.org"];
  deepEqual((await spelled({ to, sender: "jörg@example.net" }, false)).slice(2), [
    "5.6.7",
    "5.6.7",
  ]);
  const utf8 = { to, parameters: "SMTPUTF8" };
  const grüße = "Subject: Grüße\r\n\r\nhello\r\n";
  deepEqual((await spelled({ ...utf8, text: grüße }, false)).slice(2), ["5.6.7", "5.6.7"]);
  const body = "Subject: x\r\n\r\nGrüße\r\n";
  deepEqual((await spelled({ ...utf8, text: body }, false)).slice(2), to);
  deepEqual((await spelled({ to, text: grüße }, false)).slice(2), to); // nobody has said that it is UTF-8
});

Deno.test("the reason says which server lacks what", async () => {
  const { recipients: [one] } = await spell(mailOf({ to: ["jörg@example.org"] }), {
    ...{ host: HOST, isOffered: false },
  });
  equal(
    typeof one === "object" && one.reason,
    "mx.example.org does not support SMTPUTF8, which the recipient's address needs",
  );
});
