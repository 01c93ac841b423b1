/**
 * Delivery to a mail store by LMTP (RFC 2033): one transaction for all recipients of a message, an outcome for each.
 * @module
 */
import { dialler } from "../client/dial.ts";
import { printHop, socketPathOf } from "../client/hop.ts";
import { Pool } from "../client/pool.ts";
import { TIMEOUTS } from "../client/timeouts.ts";
import type { Resolver } from "../dns/resolver.ts";
import { MemoryStore } from "../handler/memory_store.ts";
import type { Addressee, Target } from "../handler/reply.ts";
import type { Security } from "../security/security.ts";
import { securityOf } from "../security/security_of.ts";
import { NO_POLICIES } from "../security/sts/policy.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import type { Parameters } from "../smtp/parameters.ts";
import { lmtpArguments } from "../targets/lmtp.ts";
import type { TargetType } from "../targets/target.ts";
import { secure } from "../tls/client.ts";
import { Connector } from "./connect.ts";
import { MailDelivery } from "./mail_delivery.ts";
import { RelayLimits } from "./relay_limits.ts";
import type { NextHop } from "./routing.ts";
import { routingOf } from "./routing_of.ts";
import { Sender } from "./sender.ts";
import { printServer } from "./server.ts";

/** What deliveries need. */
export interface LmtpSettings {
  /** Messages on their way to a server at once. */
  readonly concurrency: number;
  /** Looks up the names of servers. */
  readonly resolver: () => Resolver;
}

/** The implementation of the target `lmtp`. */
export function lmtpType(settings: LmtpSettings): TargetType {
  const pool = new Pool();
  const senders = new Map<string, Sender>();
  const serverOf = (args: Target["args"]) => printHop(lmtpArguments.read(args).to);
  return {
    readsBody: true,
    faultIn: (args) => lmtpArguments.faultIn(args),
    plan: (args, route) => `${addressOf(route)} by ${serverOf(args)}`,
    destination: serverOf,
    open: (args, context) => {
      const { to, tls } = lmtpArguments.read(args);
      const hop = { ...to, tls: socketPathOf(to) === undefined ? tls : "none" as const };
      const key = printServer({ hop });
      const sender = senders.get(key) ?? senderTo(hop, settings, pool, context.envelope.hostname);
      senders.set(key, sender);
      const { envelope, signal } = context;
      return new MailDelivery(
        envelope,
        addressOf,
        (mail) => sender.send({ ...mail, parameters: withoutEnds(mail.parameters) }, {}, signal),
      );
    },
    work: {
      idle: () => Promise.resolve(), // whoever waits for the deliveries has them
      interrupt: () => void pool.close(),
      kill: () => void pool.close(),
    },
  };
}

/** Sends to one server. */
function senderTo(
  hop: NextHop,
  { concurrency, resolver }: LmtpSettings,
  pool: Pool,
  name: string,
): Sender {
  const dns = resolver();
  const timeouts = TIMEOUTS;
  const dial = dialler({ dns, isOwn: () => false, timeout: timeouts.connect });
  return new Sender({
    routing: routingOf({ literals: true, via: [{ hop, priority: 0 }] }, { dns, names: [] }),
    security: AS_NAMED,
    connector: new Connector({ dial, secure, pool, name, timeouts }),
    limits: new RelayLimits(
      { exchanger: { concurrency }, exchangers: [], sourceLimits: {} },
      new MemoryStore(),
    ),
  });
}

/** A mail store publishes no policy: what the target says is all. */
const AS_NAMED: Security = securityOf(
  { tls: { get: () => "may" } },
  { dns: undefined, sts: NO_POLICIES },
);

/** The address that the mail store knows: that of the user that a handler has found, in the domain of the recipient. */
function addressOf({ recipient, user, extension = "" }: Addressee): Mailbox {
  const { local, domain } = recipient;
  const isUser = user === undefined || local.toLowerCase() === user.toLowerCase() ||
    extension !== "" && local.toLowerCase().startsWith(user.toLowerCase());
  if (isUser) return recipient;
  return Mailbox.tryParse(user.includes("@") ? user : `${user}@${domain}`) ?? recipient;
}

/** What a sender demands of the way of the mail ends here: the mail store is a part of this server. */
const withoutEnds = (parameters: Parameters): Parameters =>
  new Map([...parameters].filter(([name]) => name !== "REQUIRETLS"));
