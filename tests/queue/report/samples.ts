/**
 * Messages, recipients and notices of which reports are made, and an independent parser of reports.
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Attempt, QueuedMessage, QueuedRecipient } from "../../../src/queue/entry.ts";
import type { Notice } from "../../../src/queue/report/notice.ts";
import {
  DEFAULT_REPORTS,
  type Report,
  reports,
  type ReportSettings,
} from "../../../src/queue/report/report.ts";
import { silent } from "../../../src/log/event.ts";
import type { Message, Outcome } from "../../../src/targets/target.ts";
import { run } from "../../running.ts";

/** 28 Nov 2026, 20:00 UTC. */
export const NOON: number = Date.UTC(2026, 10, 28, 20);

export const message = (rest: Partial<QueuedMessage> = {}): QueuedMessage => ({
  id: "abc123",
  accepted: NOON,
  sender: "jane@example.com",
  parameters: {},
  size: 100,
  messageId: "<1@example.com>",
  priority: 0,
  origin: {
    session: "s1",
    hostname: "mx.example.net",
    peer: "192.0.2.1",
    port: 25,
    listener: { address: "127.0.0.1:25", kind: "smtp" },
    helo: { name: "client.example.com", extended: true },
    user: undefined,
    tls: undefined,
  },
  ...rest,
});

export const recipient = (rest: Partial<QueuedRecipient> = {}): QueuedRecipient => ({
  recipient: "joe@example.net",
  user: undefined,
  extension: undefined,
  original: "joe@example.net",
  parameters: {},
  target: { target: "pipe", args: {} },
  copy: false,
  destination: "joe@example.net",
  decidedBy: undefined,
  state: { at: "active" },
  key: 1,
  message: "abc123",
  attempts: 1,
  last: undefined,
  warned: false,
  refusal: undefined,
  ...rest,
});

export const failed: Outcome = {
  result: "failed",
  status: "5.1.1",
  reason: "user unknown",
  cause: "SECRET",
};
export const deferred: Outcome = { result: "deferred", status: "4.2.2", reason: "mailbox full" };
export const delivered: Outcome = { result: "delivered", reason: "delivered" };
export const handedOn: Outcome = { result: "delivered", reason: "delivered", dsn: "handed on" };

export const attempt = (outcome: Outcome): Attempt => ({
  time: NOON + 60_000,
  took: 5,
  outcome,
  plan: "SECRET plan",
});

export const notice = (
  action: Notice["action"],
  outcome: Outcome,
  rest: Partial<QueuedRecipient> = {},
): Notice => ({ recipient: recipient(rest), action, attempt: attempt(outcome) });

/** A message of octets that are given one character each. */
export function original(latin1: string, chunk = 1000): Message {
  const octets = Buffer.from(latin1, "latin1");
  return {
    size: octets.length,
    async *read() {
      for (let at = 0; at < octets.length; at += chunk) {
        yield await Promise.resolve(octets.subarray(at, at + chunk));
      }
    },
  };
}

export const ORIGINAL =
  "Received: from a by b\r\nFrom: jane@example.com\r\nTo: joe@example.net\r\n" +
  "Subject: Lunch\r\nMessage-ID: <1@example.com>\r\n\r\nAt noon?\r\n";

export const make = (
  about: QueuedMessage,
  notices: readonly Notice[],
  body: Message = original(ORIGINAL),
  settings: Partial<ReportSettings> = {},
): Promise<readonly Report[]> =>
  reports(about, notices, body, {
    settings: { ...DEFAULT_REPORTS, ...settings },
    now: NOON + 3_600_000,
    log: silent,
  });

/** A part of a report, as another parser sees it. */
export interface SeenPart {
  readonly type: string;
  readonly fields: Readonly<Record<string, string>>;
  /** The content without its transfer encoding, one character for each octet. */
  readonly content: string;
}

/** A report, as another parser sees it. */
export interface Seen {
  readonly fields: Readonly<Record<string, string>>;
  readonly type: string;
  readonly reportType: string;
  readonly subject: string;
  /** What the parser finds wrong, anywhere. */
  readonly defects: readonly string[];
  readonly parts: readonly SeenPart[];
}

/** The parser tells the parts, and the defects that it finds; contents are cut out of the octets between boundaries. */
const PARSER = `
import base64, email, email.header, json, quopri, sys

def content(octets, part):
    octets = octets.split(b"\\r\\n\\r\\n", 1)[1]
    encoding = part["Content-Transfer-Encoding"]
    if encoding == "base64": return base64.b64decode(octets).decode("latin1")
    assert encoding in ("7bit", "8bit", "quoted-printable"), encoding
    return (quopri.decodestring(octets) if encoding == "quoted-printable" else octets).decode("latin1")

def see(octets):
    report = email.message_from_bytes(octets)
    parts = report.get_payload()
    first, *pieces, last = octets.split(b"\\r\\n--" + report.get_boundary().encode())
    assert last == b"--\\r\\n", last
    return {
        "fields": {name: str(value) for name, value in report.items()},
        "type": report.get_content_type(),
        "reportType": report.get_param("report-type"),
        "subject": str(email.header.make_header(email.header.decode_header(report["Subject"]))),
        "defects": [type(d).__name__ for p in [report, *parts] for d in p.defects],
        "parts": [{
            "type": part.get_content_type(),
            "fields": dict(part.items()),
            "content": content(piece, part),
        } for part, piece in zip(parts, pieces, strict=True)],
    }

json.dump([see(base64.b64decode(each)) for each in json.load(sys.stdin)], sys.stdout)
`;

/** What Python's parser sees in reports. Also checks what holds for the octets of each. */
export async function see(all: readonly Report[]): Promise<readonly Seen[]> {
  for (const { octets, parameters } of all) {
    const latin1 = Buffer.from(octets).toString("latin1");
    assert.doesNotMatch(latin1, /\r(?!\n)|(?<!\r)\n|[^\r\n]{999}/);
    assert.ok(!latin1.includes("\0"));
    // deno-lint-ignore no-control-regex
    if (!("BODY" in parameters)) assert.match(latin1, /^[\x01-\x7f]*$/);
  }
  return await parsed(all.map(({ octets }) => octets));
}

/** What Python's parser sees in messages. */
export async function parsed(all: readonly Uint8Array[]): Promise<readonly Seen[]> {
  const input = all.map((octets) => Buffer.from(octets).toString("base64"));
  const { stdout, stderr } = await run("python3", ["-c", PARSER], JSON.stringify(input));
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

/** The blocks of fields of a part for programs: that of the message, then one for each recipient. */
export const blocksOf = (content: string): readonly Readonly<Record<string, string>>[] =>
  content.replace(/\r\n/g, "\n").trimEnd().split("\n\n").map((block) =>
    Object.fromEntries(
      block.split("\n").map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
      }),
    )
  );
