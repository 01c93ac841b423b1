/**
 * What other servers mean when they refuse: by the enhanced status code where it says all, then by their words, then by
 * what the codes say in general. `docs/relay.md` shows these tables.
 * @module
 */
import type { RefusalKind } from "../handler/outcome.ts";

/** Enhanced status codes that say all, by kind; `x` is 4 or 5 (RFC 3463, and what large providers say of theirs). */
export const PRECISE: readonly (readonly [RefusalKind, readonly string[]])[] = [
  ["mailbox", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"]],
  ["quota", ["x.2.2"]],
  ["size", ["x.2.3", "x.3.4"]],
  ["reputation", [
    ...["x.7.28", "x.7.500", "x.7.501", "x.7.502", "x.7.503", "x.7.511", "x.7.606", "x.7.650"],
    ...["x.7.651", "x.7.652", "x.7.705", "x.7.708", "x.7.750"],
  ]],
  ["policy", [
    ...["x.7.20", "x.7.21", "x.7.22", "x.7.23", "x.7.24", "x.7.25", "x.7.26", "x.7.27", "x.7.29"],
    ...["x.7.509", "x.7.515"],
  ]],
  ["busy", ["x.5.3"]],
  ["protocol", ["x.5.1", "x.5.2", "x.5.4", "x.6.1", "x.6.3", "x.6.7", "x.7.30"]],
];

/** Words of a reply, in small letters. */
export interface Words {
  readonly kind: RefusalKind;
  /** Servers that say so. */
  readonly said: string;
  readonly words: readonly string[];
}

/** Words, the first of which decide. */
export const WORDS: readonly Words[] = [
  {
    kind: "greylist",
    said: "postgrey, milter-greylist, rspamd, Exim, Mimecast",
    words: [
      ...["greylist", "graylist", "grey-list", "gray-list", "grey list", "gray list"],
      ...["internal resource temporarily", "internal resources are temporarily"],
      "address verification in progress",
    ],
  },
  {
    kind: "quota",
    said: "Gmail, Outlook, Dovecot, Cyrus, Exim",
    words: [
      ...["quota exceeded", "over quota", "overquota", "exceeded quota", "exceeds quota"],
      ...["exceeded their quota", "exceeded his quota", "exceeded storage", "out of storage space"],
      ...["mailbox full", "mailbox is full", "inbox is full", "inboxes full", "mailbox size limit"],
    ],
  },
  {
    kind: "policy",
    said: "Postfix and Exim of the sender's address",
    words: ["sender address rejected", "sender verify failed", "sender domain", "sender rejected"],
  },
  {
    kind: "mailbox",
    said: "Postfix, Exim, Sendmail, qmail, Exchange Online, Gmail, Yahoo",
    words: [
      ...["user unknown", "unknown user", "user not found", "no such user", "no such recipient"],
      ...["no such mailbox", "no such address", "no mailbox here", "mailbox unavailable"],
      ...["mailbox not found", "mailbox disabled", "mailbox is disabled", "recipient unknown"],
      ...["unknown recipient", "invalid recipient", "recipient not found", "recipientnotfound"],
      ...["unrouteable address", "does not exist", "doesn't have a", "account is disabled"],
      ...["account has been disabled", "account that you tried to reach", "user doesn't exist"],
      ...["recipient address rejected: access denied", "undeliverable address"],
    ],
  },
  {
    kind: "size",
    said: "Postfix, Exim, Exchange, Gmail",
    words: [
      ...["message too large", "message too big", "message size exceeds", "message file too big"],
      ...[
        "size limit",
        "message exceeded",
        "exceeds fixed",
        "exceeds maximum",
        "too much mail data",
      ],
    ],
  },
  {
    kind: "reputation",
    said:
      "Outlook (S3140, S3150), Yahoo (TSS, BL), Gmail, Spamhaus, Barracuda, Proofpoint, Cisco, " +
      "Cloudmark, GMX, T-Online",
    words: [
      ...["reputation", "spamhaus", "barracuda", "spamcop", "sorbs", "cloudmark", "proofpoint.com"],
      ...["senderscore", "dnsbl", "blocked using", "block list", "blocklist", "blacklist"],
      ...["black list", "denylist", "banned sending ip", "banned sender", "(s3140", "(s3150"],
      ...["on our block", "traffic not accepted", "tosa@", "[tss", "[tsu", "[bl2", "(bl000"],
      ...["rate limit", "ratelimit", "rate-limit", "throttl", "unusual rate"],
      ...["unexpected volume", "user complaints", "too many connections", "too many concurrent"],
      ...["too many messages", "too many sessions", "sending limit", "connection rate"],
      ...["connection limit", "concurrency limit", "service refused, please check"],
    ],
  },
  {
    kind: "busy",
    said: "Gmail, of one mailbox with much mail; Postfix, of too many recipients",
    words: ["receiving mail", "too many recipients"],
  },
  {
    kind: "policy",
    said: "spam filters, and checks of SPF, DKIM and DMARC",
    words: [
      ...["spam", "virus", "malware", "dmarc", "dkim", "spf", "unsolicited", "phish"],
      ...["relaying denied", "relay access denied", "relay not permitted", "unable to relay"],
      ...["policy", "authentication required", "access denied", "prohibited", "cannot find your"],
      ...["content rejected", "message rejected", "administratively denied", "not rfc 5322"],
    ],
  },
  {
    kind: "busy",
    said: "Exim, Sendmail, Exchange, Postfix",
    words: [
      ...["too busy", "server busy", "try again later", "temporarily unavailable"],
      ...["temporary local problem", "temporary failure", "insufficient system", "out of memory"],
      ...["load is too high", "load too high", "service unavailable", "service not available"],
    ],
  },
  {
    kind: "protocol",
    said: "all servers",
    words: [
      ...["syntax error", "not recognized", "unrecognized command", "bad sequence"],
      ...["not implemented", "synchronization error"],
    ],
  },
];

/** What the subject of an enhanced status code says (RFC 3463 section 3). */
export const SUBJECTS: Readonly<Record<string, RefusalKind>> = {
  1: "mailbox",
  2: "mailbox",
  3: "busy",
  4: "busy",
  5: "protocol",
  6: "protocol",
  7: "policy",
};
