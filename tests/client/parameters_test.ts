import { deepEqual, equal } from "node:assert/strict";
import { limitsOf } from "../../src/client/limits.ts";
import { mailParameters, obstacle, rcptParameters } from "../../src/client/parameters.ts";
import { mailOf, peerWith } from "./mail_of.ts";

const ALL = peerWith(
  "SIZE 1000",
  "8BITMIME",
  "SMTPUTF8",
  "DSN",
  "MT-PRIORITY MIXER",
  "DELIVERBY 60",
  "REQUIRETLS",
);
const NONE = peerWith();
const EVERYTHING = "SIZE=99 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb MT-PRIORITY=3 REQUIRETLS " +
  "BY=3600;RT AUTH=joe HOLDFOR=60";
const HOUR = { size: 400, body: "8BITMIME", isUtf8: true, now: 60_999 } as const;

Deno.test("MAIL has what the server knows: the size as sent, and the time that is left", () => {
  const mail = mailOf({ parameters: EVERYTHING, accepted: 1_000 });
  equal(
    mailParameters(mail, ALL, HOUR),
    " SIZE=400 BODY=8BITMIME SMTPUTF8 REQUIRETLS RET=HDRS ENVID=a+2Bb MT-PRIORITY=3 BY=3541;RT",
  );
});

Deno.test("MAIL has nothing for a server that knows nothing", () => {
  const sending = { size: 400, body: undefined, isUtf8: false, now: 0 };
  equal(mailParameters(mailOf({ parameters: "RET=FULL BY=9;N" }), NONE, sending), "");
});

Deno.test("a deadline that is over goes on where the sender only wants to be told", () => {
  const mail = mailOf({ parameters: "BY=10;N", accepted: 0 });
  const sending = { size: 1, body: undefined, isUtf8: false, now: 30_000 };
  equal(mailParameters(mail, peerWith("DELIVERBY"), sending), " BY=-20;N");
  equal(obstacle(mail, peerWith("DELIVERBY"), 30_000), undefined);
  equal(obstacle(mail, NONE, 30_000), undefined);
});

Deno.test("RCPT has what a sender wants to be told, and the recipient that it named", () => {
  const { recipients: [first, second, third] } = mailOf({
    to: [
      "jane@example.org NOTIFY=SUCCESS,DELAY ORCPT=rfc822;jane+2Bx@example.com",
      "jim@example.org NOTIFY=NEVER",
      "jo@example.org ORCPT=utf-8;jö@example.com",
    ],
    original: "list+1@example.net",
  });
  equal(
    rcptParameters(first!, ALL),
    " NOTIFY=SUCCESS,DELAY ORCPT=rfc822;jane+2Bx@example.com",
  );
  equal(rcptParameters(second!, ALL), " NOTIFY=NEVER ORCPT=rfc822;list+2B1@example.net");
  equal(rcptParameters(third!, ALL), " ORCPT=utf-8;j\\x{F6}@example.com");
  equal(rcptParameters(first!, NONE), "");
  const { recipients: [plain] } = mailOf();
  equal(rcptParameters(plain!, ALL), " ORCPT=rfc822;jane@example.org");
});

for (
  const [parameters, extension, status] of [
    ["", "SIZE 20", "5.3.4"],
    ["", "SIZE 0", undefined],
    ["", "SIZE", undefined],
    ["", "SIZE 21", undefined],
    ["REQUIRETLS", "DSN", "5.7.30"],
    ["REQUIRETLS", "REQUIRETLS", undefined],
    ["BY=60;R", "DSN", "5.3.3"],
    ["BY=60;R", "DELIVERBY", undefined],
    ["BY=60;R", "DELIVERBY 61", "5.3.3"],
    ["BY=60;N", "DELIVERBY 61", undefined],
    ["BY=60;N", "DSN", undefined],
  ] as const
) {
  Deno.test(`a message with "${parameters}" meets "${extension}": ${status ?? "it goes"}`, () => {
    const refused = obstacle(mailOf({ parameters, text: "x".repeat(21) }), peerWith(extension), 0);
    equal(refused?.result === "failed" ? refused.status : undefined, status);
  });
}

Deno.test("limits are read, and nonsense is no limit", () => {
  const read = (line: string) => limitsOf(peerWith(line).extensions);
  const none = { messages: Infinity, recipients: Infinity, domains: Infinity };
  deepEqual(read("LIMITS MAILMAX=20 RCPTMAX=100 rcptdomainmax=1 OTHER=x"), {
    ...{ messages: 20, recipients: 100, domains: 1 },
  });
  deepEqual(read("LIMITS MAILMAX=0 RCPTMAX=1000000 RCPTDOMAINMAX"), none);
  deepEqual(read("DSN"), none);
});
