import { equal, match } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { formFor } from "../../src/client/form.ts";
import { mailOf, peerWith } from "./mail_of.ts";

const GREETING = "Content-Type: text/plain; charset=utf-8\r\n\r\nGrüße und noch viel mehr\r\n";

/** `8BITMIME`, and the message; or the status of a failure. */
async function formOf(facts: Parameters<typeof mailOf>[0], ...lines: readonly string[]) {
  const form = await formFor(mailOf({ text: GREETING, ...facts }), peerWith(...lines));
  if ("result" in form) return form.result === "failed" ? `${form.status} ${form.reason}` : "";
  const octets = Buffer.concat(await Array.fromAsync(form.message.read()));
  equal(octets.length, form.message.size);
  return `${form.body}: ${octets}`;
}

Deno.test("a server that takes it gets the message as it is", async () => {
  equal(await formOf({}, "8BITMIME"), `8BITMIME: ${GREETING}`);
  equal(await formOf({ parameters: "BODY=8bitmime" }, "8BITMIME"), `8BITMIME: ${GREETING}`);
  equal(await formOf({ parameters: "BODY=7BIT" }, "8BITMIME"), `undefined: ${GREETING}`);
  equal(await formOf({ text: "x\r\n\r\ny\r\n" }), "undefined: x\r\n\r\ny\r\n");
  const binary = { parameters: "BODY=BINARYMIME", text: "x: y\r\n\r\n\n\0" };
  equal(await formOf(binary, "BINARYMIME", "CHUNKING"), `BINARYMIME: ${binary.text}`);
});

Deno.test("a server without 8BITMIME or BINARYMIME gets it converted", async () => {
  match(await formOf({}), /^undefined: [^]*quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe und noch/);
  const binary = { parameters: "BODY=BINARYMIME", text: "x: y\r\n\r\n\n\0" };
  match(await formOf(binary, "8BITMIME"), /^undefined: [^]*: base64\r\n\r\nCgA=\r\n$/);
});

Deno.test("a message is converted once for all servers", async () => {
  const mail = mailOf({ text: GREETING });
  const forms = [await formFor(mail, peerWith()), await formFor(mail, peerWith("SIZE"))];
  const [one, other] = forms.map((form) => "message" in form && form.message);
  equal(one, other);
});

Deno.test("a signed message that needs 8BITMIME fails at a server without it", async () => {
  equal(
    await formOf({ text: `DKIM-Signature: v=1; b=x\r\n${GREETING}` }),
    "5.6.3 mx.example.org does not support 8BITMIME, and the message cannot be converted: it is signed",
  );
});
