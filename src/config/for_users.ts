/**
 * What the server does by itself for its users at listeners for submission (RFC 6409).
 * @module
 */
import { complete, relayTo } from "../../handlers/mod.ts";
import { canonicalName } from "../dns/name.ts";
import type { EventName } from "../handler/event.ts";
import { type Handler, type Next, on } from "../handler/handler.ts";
import { isForUsers } from "../net/address.ts";
import type { Config } from "./config.ts";

/** The domain of addresses without one in MAIL and RCPT; `undefined` if none is added. */
export const bareDomainOf = (config: Config): string | undefined =>
  config.submission.complete.includes("addresses") ? domainOf(config) : undefined;

/** The domain of users without one. It is in A-labels, because the client may not have SMTPUTF8. */
export const domainOf = ({ submission, domains, hostname }: Config): string =>
  canonicalName(submission.domain ?? domains[0] ?? hostname);

/** Completes what users send. It stands outside of the operator's handlers, which see the whole message. */
export function completion(config: Config): readonly Handler[] {
  const { complete: add } = config.submission;
  if (!hasSubmission(config) || add.length === 0) return [];
  return [forUsers("Deliver", complete({ domain: domainOf(config), add }))];
}

/** Relays what users send to other domains. It stands inside of the operator's handlers, which may refuse. */
export function relaying(config: Config): readonly Handler[] {
  const { relay, submission } = config;
  if (!hasSubmission(config) || relay === undefined || !submission.relay) return [];
  return [forUsers("AddRcptTo", relayTo({ users: true }))];
}

const hasSubmission = ({ listen, drop }: Config): boolean =>
  drop !== undefined || listen.some(({ kind }) => isForUsers(kind));

/** The handler of one event, for users who have connected to have their mail sent, and for those of this machine. */
const forUsers = (type: EventName, handler: Handler): Handler =>
  on(
    type,
    (event, next, session) =>
      session.localUser !== undefined ||
        session.user !== undefined && isForUsers(session.listener.kind)
        ? handler(event, next as Next, session)
        : next(),
  );
