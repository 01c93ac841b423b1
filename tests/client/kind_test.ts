/**
 * What the refusals of real servers are taken for.
 *
 * @module
 */
import { equal, ok } from "node:assert/strict";
import { type Answered, kindOf } from "../../src/client/kind.ts";
import { WORDS } from "../../src/client/refusals.ts";
import type { RefusalKind } from "../../src/handler/outcome.ts";
import { assembleReply, parseReplyLine } from "../../src/smtp/reply.ts";

const kind = (text: string, answered: Answered = "rcpt") =>
  kindOf(assembleReply(text.split("\n").map((line) => parseReplyLine(line)!))!, answered);

const SAID: readonly (readonly [RefusalKind, string, Answered?])[] = [
  // postgrey, Postfix
  [
    "greylist",
    "450 4.2.0 <jane@example.org>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/example.org.html",
  ],
  [
    "greylist",
    "450 4.1.1 <jane@example.org>: Recipient address rejected: unverified address: Address verification in progress",
  ],
  [
    "mailbox",
    "550 5.1.1 <jane@example.org>: Recipient address rejected: User unknown in local recipient table",
  ],
  [
    "mailbox",
    "550 5.1.1 <greylist@spamhaus.example>: Recipient address rejected: User unknown in virtual mailbox table",
  ],
  ["policy", "554 5.7.1 <jane@example.org>: Relay access denied"],
  ["policy", "450 4.1.8 <joe@example.net>: Sender address rejected: Domain not found", "mail"],
  ["policy", "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]"],
  [
    "reputation",
    "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.7",
  ],
  ["size", "552 5.3.4 Message size exceeds fixed limit", "mail"],
  ["busy", "452 4.3.1 Insufficient system storage", "mail"],
  ["busy", "452 4.5.3 Error: too many recipients"],
  ["reputation", "421 4.7.0 mx.example.org Error: too many connections from 192.0.2.7", "greeting"],
  // Exim
  ["greylist", "451 Your address is not liked source for email, greylisted for 5 minutes"],
  ["mailbox", "550 Unrouteable address"],
  ["policy", "550 relay not permitted"],
  [
    "policy",
    "550-Verification failed for <joe@example.net>\n550-No Such User Here\n550 Sender verify failed",
  ],
  ["size", "552 Message size exceeds maximum permitted", "data"],
  ["busy", "451 Temporary local problem - please try later"],
  ["policy", "550 Administrative prohibition", "data"],
  ["protocol", "554 SMTP synchronization error", "greeting"],
  // Sendmail, qmail, Dovecot, rspamd, milter-greylist
  ["mailbox", "550 5.1.1 <jane@example.org>... User unknown"],
  ["policy", "550 5.7.1 <jane@example.org>... Relaying denied"],
  ["mailbox", "550 sorry, no mailbox here by that name (#5.1.1)", "data"],
  ["quota", "552 5.2.2 <jane@example.org> Quota exceeded (mailbox for user is full)", "data"],
  ["greylist", "451 4.7.1 Greylisting in action, please come back in 00:04:59"],
  ["policy", "554 5.7.1 Spam message rejected", "data"],
  // Gmail
  [
    "mailbox",
    "550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 double-checking the recipient's email address for typos or\n550 5.1.1 https://support.google.com/mail/?p=NoSuchUser x1 - gsmtp",
  ],
  ["mailbox", "550 5.2.1 The email account that you tried to reach is disabled. - gsmtp"],
  [
    "quota",
    "452-4.2.2 The recipient's inbox is out of storage space. Please direct the\n452 4.2.2 recipient to https://support.google.com/mail/?p=OverQuotaTemp - gsmtp",
  ],
  [
    "busy",
    "450-4.2.1 The user you are trying to contact is receiving mail at a rate that\n450 4.2.1 prevents additional messages from being delivered. - gsmtp",
  ],
  [
    "reputation",
    "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating\n421 4.7.28 from your IP address. - gsmtp",
    "data",
  ],
  [
    "reputation",
    "550-5.7.1 [192.0.2.7] Gmail has detected that this message is likely suspicious\n550 5.7.1 due to the very low reputation of the sending domain. - gsmtp",
    "data",
  ],
  [
    "policy",
    "550-5.7.26 This mail has been blocked because the sender is unauthenticated.\n550 5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM. - gsmtp",
    "data",
  ],
  [
    "policy",
    "550-5.7.1 This message is not RFC 5322 compliant, the issue is: 550-5.7.1 duplicate headers\n550 5.7.1 - gsmtp",
    "data",
  ],
  [
    "size",
    "552-5.2.3 Your message exceeded Google's message size limits.\n552 5.2.3 https://support.google.com/mail/?p=MaxSizeError - gsmtp",
    "data",
  ],
  // Outlook.com, Exchange Online
  [
    "reputation",
    "550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140). [AM7.eop.example]",
    "mail",
  ],
  [
    "reputation",
    "550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent. part of their network is on our block list (S3150).",
    "mail",
  ],
  [
    "reputation",
    "451 4.7.650 The mail server [192.0.2.7] has been temporarily rate limited due to IP reputation. For e-mail delivery information, see https://postmaster.live.com (S775)",
    "mail",
  ],
  [
    "reputation",
    "550 5.7.606 Access denied, banned sending IP [192.0.2.7]. To request removal from this list please visit https://sender.office.com/",
    "rcpt",
  ],
  [
    "reputation",
    "451 4.7.500 Server busy. Please try again later from [192.0.2.7]. (AS77713911)",
    "mail",
  ],
  [
    "mailbox",
    "550 5.4.1 Recipient address rejected: Access denied. [BN8.prod.protection.outlook.com]",
  ],
  [
    "mailbox",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient jane@example.org not found by SMTP address lookup",
    "data",
  ],
  ["mailbox", "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [x]"],
  ["quota", "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException", "data"],
  [
    "policy",
    "550 5.7.509 Access denied, sending domain example.net does not pass DMARC verification",
    "data",
  ],
  [
    "policy",
    "550 5.7.515 Access denied, sending domain example.net doesn't meet the required authentication level",
    "data",
  ],
  // Yahoo, iCloud
  [
    "reputation",
    "421 4.7.0 [TSS04] Messages from 192.0.2.7 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes",
    "mail",
  ],
  [
    "reputation",
    "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.7, because the ip is in Spamhaus's list",
    "greeting",
  ],
  [
    "mailbox",
    "554 delivery error: dd This user doesn't have a yahoo.com account (jane@yahoo.com) [0] - mta.example",
    "data",
  ],
  [
    "policy",
    "554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes",
    "data",
  ],
  [
    "policy",
    "554 5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137",
    "data",
  ],
  // filters in front of others
  ["reputation", "554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.7", "greeting"],
  [
    "greylist",
    "451 Internal resource temporarily unavailable - https://community.mimecast.com/docs/DOC-1369#451 [x]",
  ],
  [
    "reputation",
    "550 csi.mimecast.org Poor Reputation Sender. - https://community.mimecast.com/docs/DOC-1369#550",
  ],
  [
    "policy",
    "550 Rejected by header based Anti-Spoofing policy: joe@example.net - https://community.mimecast.com/docs/DOC-1369#550",
    "data",
  ],
  [
    "reputation",
    "550 Service unavailable; Client host [192.0.2.7] blocked using Barracuda Reputation; http://www.barracudanetworks.com/reputation/?r=1&ip=192.0.2.7",
  ],
  [
    "reputation",
    "554-mx.example.org\n554 Your access to this mail system has been rejected due to the sending MTA's poor reputation. If you believe that this failure is in error, please contact the intended recipient via alternate means.",
    "greeting",
  ],
  [
    "reputation",
    "554-gmx.net (mxgmx015) Nemesis ESMTP Service not available\n554-No SMTP service\n554 IP address is black listed",
    "greeting",
  ],
  [
    "reputation",
    "554 IP=192.0.2.7 - A problem occurred. (Ask your postmaster for help or to contact tosa@rx.t-online.de to clarify.)",
    "greeting",
  ],
  ["protocol", "500 5.5.1 unrecognized command"],
  // nothing but a code
  ["busy", "421 bye"],
  ["busy", "451 no"],
  ["mailbox", "550 no"],
  ["policy", "550 no", "data"],
  ["quota", "552 no"],
  ["size", "552 no", "data"],
  ["protocol", "502 no", "mail"],
  ["policy", "554 no", "greeting"],
  ["other", "521 no", "greeting"],
];

for (const [wanted, text, answered] of SAID) {
  Deno.test(`${wanted}: ${text.slice(0, 100).replaceAll("\n", " ")}`, () => {
    equal(kind(text, answered), wanted);
  });
}

Deno.test("a positive reply is no refusal", () => {
  equal(kind("250 2.1.5 spamhaus"), undefined);
  equal(kind("354 go on"), undefined);
});

Deno.test("words are written as they are looked for, and no word stands behind one that finds it", () => {
  const before: string[] = [];
  for (const { words } of WORDS) {
    for (const word of words) {
      equal(word, word.toLowerCase());
      ok(!before.some((other) => word.includes(other)), `${word} is never reached`);
      before.push(word);
    }
  }
});
