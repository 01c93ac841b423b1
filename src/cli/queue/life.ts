/**
 * The life of a message in lines for people, and as JSON.
 * @module
 */
import { printRemoteTls, type Remote } from "../../handler/outcome.ts";
import type { Attempt, QueuedMessage } from "../../queue/entry.ts";
import type { Trace } from "../../queue/store.ts";
import { roughDuration, roughSize } from "./rough.ts";
import { attemptAsJson, isoTime, nextOf, reasonOf, recipientAsJson, senderOf } from "./words.ts";

/** A recipient with its attempts. */
type Traced = Trace["recipients"][number];

/** What is known of the message itself. */
export function messageLines({ message, ended }: Trace, now: number): string[] {
  const { id, accepted, sender, size, messageId, priority, parameters } = message;
  return [
    `message ${id}`,
    `  accepted: ${isoTime(accepted)}, ${roughDuration(now - accepted)} ago`,
    `  sender: ${senderOf(sender)}${printParameters(parameters)}`,
    `  size: ${roughSize(size)}`,
    ...messageId === undefined ? [] : [`  message-id: ${messageId}`],
    ...priority === 0 ? [] : [`  priority: ${priority}`],
    ...ended === undefined ? [] : [`  ended: ${isoTime(ended)}`],
  ];
}

/** The session in which it came. */
export function sessionLines({ origin }: QueuedMessage): string[] {
  const { session, peer, port, listener, helo, user, tls, hostname, made } = origin;
  if (made !== undefined) return [`  made by this server: ${made}`];
  return [
    `  session: ${session}, from ${peer} port ${port}`,
    `  listener: ${listener.address} (${listener.kind}) of ${hostname}`,
    ...helo === undefined ? [] : [`  greeting: ${helo.extended ? "EHLO" : "HELO"} ${helo.name}`],
    `  tls: ${tls === undefined ? "none" : `${tls.protocol}, ${tls.cipher}`}`,
    `  user: ${user ?? "none"}`,
  ];
}

/** What became of a recipient, attempt by attempt, and what is next. */
export function recipientLines(traced: Traced, now: number): string[] {
  const { recipient, original, copy, target, destination, decidedBy, history, parameters } = traced;
  const args = Object.keys(target.args).length === 0 ? "" : ` ${JSON.stringify(target.args)}`;
  return [
    `recipient ${recipient}${copy ? " (a copy)" : ""}`,
    ...original === undefined || original === recipient && Object.keys(parameters).length === 0
      ? []
      : [`  named as: ${original}${printParameters(parameters)}`],
    `  target: ${target.target}${args}, destination ${destination}`,
    ...decidedBy === undefined ? [] : [`  decided by: ${decidedBy}`],
    ...history.flatMap(attemptLines),
    ...traced.warned ? ["  the sender was told that it is late"] : [],
    `  ${standing(traced, now)}`,
  ];
}

function attemptLines({ time, took, outcome, plan, handler }: Attempt): string[] {
  const status = outcome.result === "delivered" ? "" : ` ${outcome.status}`;
  const cause = outcome.result === "delivered" ? undefined : outcome.cause;
  const { remote } = outcome;
  return [
    `  ${isoTime(time)} ${outcome.result}${status}: ${outcome.reason} (${took} ms)`,
    ...plan === undefined ? [] : [`    by: ${plan}`],
    ...remote === undefined ? [] : [`    server: ${printRemote(remote)}`],
    ...handler === undefined ? [] : [`    handler: ${handler}`],
    ...cause === undefined ? [] : [`    cause: ${cause}`],
  ];
}

/** The server that has answered. Without an address, it has answered before the connection was used for mail. */
const printRemote = ({ name, address, tls }: Remote): string => {
  if (address === undefined) return name;
  return `${name}, ${address}, ${tls === undefined ? "in clear text" : printRemoteTls(tls)}`;
};

/** Where it stands, and what is next. */
function standing(traced: Traced, now: number): string {
  const { state, refusal } = traced;
  switch (state.at) {
    case "waiting":
      return refusal === undefined
        ? `waiting: tried next ${nextOf(traced, now)}, ${isoTime(state.due)}`
        : `to be returned to the sender: ${refusal}`;
    case "active":
      return "active: it is tried now";
    case "held":
      return `held: ${reasonOf(traced)}`;
    case "ended":
      return `${state.ending}: ${isoTime(state.time)}`;
  }
}

const printParameters = (parameters: QueuedMessage["parameters"]): string =>
  Object.entries(parameters).map(([name, value]) =>
    value === null ? ` ${name}` : ` ${name}=${value}`
  )
    .join("");

/** The whole life as a JSON object. */
export function lifeAsJson({ message, ended, recipients }: Trace): object {
  const { id, accepted, size, sender, parameters, messageId, priority, origin } = message;
  return {
    ...{ id, accepted: isoTime(accepted), size, sender, parameters },
    ...{ messageId: messageId ?? null, priority, ended: isoTime(ended) },
    session: sessionAsJson(origin),
    recipients: recipients.map((traced) => ({
      ...recipientAsJson(traced),
      parameters: traced.parameters,
      history: traced.history.map(attemptAsJson),
    })),
  };
}

function sessionAsJson(origin: QueuedMessage["origin"]): object {
  const { session, peer, port, listener, helo, user, tls, hostname, made } = origin;
  return {
    ...{ id: session, peer, port, listener: listener.address, kind: listener.kind, hostname },
    ...{ helo: helo?.name ?? null, extended: helo?.extended ?? null, user: user ?? null },
    ...{ tls: tls ?? null, made: made ?? null },
  };
}
