/**
 * The command AUTH (RFC 4954) as the client speaks it.
 * @module
 */
import { Buffer } from "node:buffer";
import type { WireReply } from "../smtp/reply.ts";
import { LoginRefused, ProtocolFault, Refused } from "./fault.ts";
import { mechanismFor } from "./sasl/choice.ts";
import { type ClientMechanism, type Identity, SaslFault } from "./sasl/mechanism.ts";
import { ask, type Talk } from "./talk.ts";

/** The most octets of the command, which servers need not take longer (RFC 5321 section 4.5.3.1.4). */
const LONGEST = 512 - "\r\n".length;
/** The most challenges of an exchange. */
const MOST = 5;

/**
 * Proves to a server who the client is.
 *
 * @param offered the parameters of the extension AUTH
 * @param isPrivate whether nobody else reads the connection
 * @throws {LoginRefused} if the server does not believe it, or there is no safe way to prove it
 * @throws {Refused} if the server cannot say now
 */
export function* authentication(
  offered: string,
  identity: Identity,
  isPrivate: boolean,
): Talk<void> {
  const { host, user } = identity;
  const mechanism = mechanismFor(offered.split(" ").filter(Boolean), identity, isPrivate);
  const failure = `${host} does not let ${user} in`;
  if (typeof mechanism === "string") throw new LoginRefused(`${failure}: ${mechanism}`);
  const sent: string[] = [];
  const reply = withoutSecrets(yield* exchange(mechanism, sent, failure), sent);
  const what = `${failure} by ${mechanism.name}`;
  if (reply.code >= 500) throw new LoginRefused(what, reply);
  if (reply.code >= 400) throw new Refused(what, reply);
}

/** The last reply of an exchange. All that may be secret is put into `sent`. */
function* exchange(mechanism: ClientMechanism, sent: string[], failure: string): Talk<WireReply> {
  const initial = mechanism.initial && base64(mechanism.initial);
  const whole = `AUTH ${mechanism.name} ${initial}`;
  const isShort = initial !== undefined && whole.length <= LONGEST;
  if (initial !== undefined) sent.push(initial);
  let isInitial = initial !== undefined && !isShort;
  let reply = yield* ask(isShort ? whole : `AUTH ${mechanism.name}`);
  for (let i = 0; reply.code === 334 && i < MOST; i++) {
    const line = isInitial ? initial! : yield* answer(mechanism, reply, failure);
    isInitial = false;
    if (line !== "") sent.push(line);
    reply = yield* ask(line);
  }
  if (reply.code < 400) {
    if (reply.code !== 235) throw new ProtocolFault(`it answers AUTH with ${reply.code}`);
    attempt(() => mechanism.finish?.(), failure);
  }
  return reply;
}

/** The response to a challenge. An exchange that makes no sense is cancelled. */
function* answer(mechanism: ClientMechanism, reply: WireReply, failure: string): Talk<string> {
  let response: Uint8Array = new Uint8Array();
  let fault: unknown;
  const challenge = Buffer.from(reply.lines.join(""), "base64");
  const respond = async () => {
    try {
      response = await mechanism.respond(challenge);
    } catch (error) {
      fault = error;
    }
  };
  yield { do: "wait", for: respond };
  if (fault === undefined) return base64(response);
  yield* ask("*");
  return attempt((): never => {
    throw fault;
  }, failure);
}

/** Passes on what the mechanism finds wrong with the server. */
function attempt<T>(check: () => T, failure: string): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof SaslFault ? new LoginRefused(`${failure}: ${error.message}`) : error;
  }
}

/** Some servers repeat what they do not understand. */
const withoutSecrets = (reply: WireReply, sent: readonly string[]): WireReply => ({
  ...reply,
  lines: reply.lines.map((line) => sent.reduce((text, one) => text.replaceAll(one, "***"), line)),
});

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString("base64");
