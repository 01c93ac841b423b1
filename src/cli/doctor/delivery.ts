/**
 * Mail to this server itself: it takes mail for postmaster, and with `--send` delivers a message.
 * @module
 */
import { printed } from "../../client/fault.ts";
import { ask, hear, isPositive, type Talk } from "../../client/talk.ts";
import type { Message } from "../../message/message.ts";
import type { WireReply } from "../../smtp/reply.ts";
import type { Check } from "./check.ts";
import { fault, type Found, note, ok } from "./finding.ts";
import { follow } from "./follow.ts";
import { destinationAt, type Listener, withSession } from "./greet.ts";
import type { Installation } from "./installation.ts";

/** The most domains that are asked about. */
const MOST = 50;

/** The check. Without `--send` it ends before DATA, so nothing is delivered. */
export const delivery: Check = {
  name: "delivery",
  about: "mail to this server: it takes mail for postmaster, and with --send delivers a message",
  network: false,
  run: async (installation, signal) => {
    const { hostname, domains, wishes: { recipient }, places } = installation;
    const listener = await listenerThatAnswers(installation, signal);
    if (listener === undefined) return []; // the check of ports tells why
    const test = recipient && testMessage(String(recipient), hostname);
    const to = destinationAt(listener, hostname)!;
    const { found, reply } = await withSession(to, hostname, signal, async (_, line) => {
      const found: Found[] = [];
      for (const domain of domains.slice(0, MOST)) {
        found.push(judge(`postmaster@${domain}`, await line.run(upToRcpt(domain), signal)));
      }
      return { found, reply: test && await line.run(transaction(test), signal) };
    });
    if (test === undefined || reply === undefined) return found;
    return [...found, await fate(test, reply, places, signal)];
  },
};

async function listenerThatAnswers(
  installation: Installation,
  signal: AbortSignal,
): Promise<Listener | undefined> {
  const { listeners, hostname } = installation;
  for (const listener of listeners) {
    const { kind, proxy } = listener;
    if (kind !== "smtp" || proxy !== undefined) continue;
    if (destinationAt(listener, hostname) === undefined) continue;
    const answers = await installation.greetingAt(listener, signal).then(() => true, () => false);
    if (answers) return listener;
  }
  return undefined;
}

/** Mail for postmaster of a domain, up to RCPT. */
function* upToRcpt(domain: string): Talk<WireReply> {
  const mail = yield* ask("MAIL FROM:<>", "mail");
  if (!isPositive(mail)) return mail;
  const rcpt = yield* ask(`RCPT TO:<postmaster@${domain}>`, "rcpt");
  yield* ask("RSET");
  return rcpt;
}

function judge(address: string, reply: WireReply): Found {
  if (isPositive(reply)) return ok(address, `mail for ${address} is accepted`);
  const what = `mail for ${address} is refused: ${printed(reply)}`;
  if (reply.code < 500) return note(address, `${what}; that is for now only`);
  return fault(address, what, "`postmaster route " + address + "` says by which rule");
}

/** A message to be sent. */
interface TestMessage {
  readonly recipient: string;
  /** With its angle brackets. */
  readonly messageId: string;
  readonly message: Message;
}

function testMessage(recipient: string, hostname: string): TestMessage {
  const messageId = `<${crypto.randomUUID()}@${hostname}>`;
  const text = [
    `From: <postmaster@${hostname}>`,
    `To: <${recipient}>`,
    "Subject: A test by postmaster doctor",
    `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: ${messageId}`,
    "Auto-Submitted: auto-generated",
    "",
    "postmaster doctor has sent this, to see whether mail is delivered.",
    "",
  ].join("\r\n");
  const octets = new TextEncoder().encode(text);
  async function* read() {
    yield octets;
  }
  return { recipient, messageId, message: { size: octets.length, read } };
}

function* transaction({ recipient, message }: TestMessage): Talk<WireReply> {
  const mail = yield* ask("MAIL FROM:<>", "mail");
  if (!isPositive(mail)) return mail;
  const rcpt = yield* ask(`RCPT TO:<${recipient}>`, "rcpt");
  if (!isPositive(rcpt)) return rcpt;
  const data = yield* ask("DATA", "dataInitiation");
  if (data.code !== 354) return data;
  yield { do: "dots", message };
  return yield* hear("dataTermination");
}

/** What became of the message. */
async function fate(
  { recipient, messageId }: TestMessage,
  reply: WireReply,
  places: Installation["places"],
  signal: AbortSignal,
): Promise<Found> {
  if (!isPositive(reply)) {
    return fault(recipient, `the message to ${recipient} was refused: ${printed(reply)}`);
  }
  if (places?.queue === undefined) {
    return ok(recipient, `the message to ${recipient} was delivered`);
  }
  return await follow(recipient, messageId, places.socket, signal);
}
