/**
 * Asks one server all but to take mail, as a delivery would.
 * @module
 */
import { Pool } from "../../client/pool.ts";
import { DialFailure, judgedAddresses } from "../../client/dial.ts";
import { ClientFault } from "../../client/fault.ts";
import { printHop } from "../../client/hop.ts";
import { faulty } from "../../client/outcomes.ts";
import type { Sending } from "../../config/mod.ts";
import { Connector } from "../../relay/connect.ts";
import type { NextHop } from "../../relay/routing.ts";
import type { HostSecurity } from "../../security/security.ts";
import { describeCertificate, readCertificate } from "../../tls/certificate.ts";
import { secure } from "../../tls/client.ts";
import { TlsFailure } from "../../tls/requirement.ts";
import type { Connection, ProbedServer, Verdict } from "./facts.ts";

/** What a server was found to do, and what an attempt makes of it. */
export interface Found {
  readonly probed: ProbedServer;
  /** It was talked to, which an attempt does with few servers. */
  readonly isSession: boolean;
  /** There is no such server. */
  readonly isMissing: boolean;
}

/** Probes one. Never rejects. */
export async function probeServer(
  hop: NextHop,
  rules: HostSecurity,
  sending: Sending,
  login: boolean,
): Promise<Found> {
  const addresses = await judgedAddresses(hop, sending.addresses).catch(() => []);
  const connections: Connection[] = [];
  const known = {
    server: printHop(hop),
    addresses: addresses.map(({ address, refused }) =>
      refused === undefined ? { address } : { address, refused }
    ),
    demanded: "refused" in rules ? null : rules.requirement.level,
    policy: { type: rules.policy.type, strings: rules.policy.strings },
    tested: "tested" in rules && rules.tested !== undefined,
    connections,
    ...hop.login === undefined ? {} : { login: { user: hop.login.user, tried: login } },
  };
  if ("refused" in rules) {
    const verdict = verdictOn(new TlsFailure(rules.kind, rules.refused), hop.host);
    return { probed: { ...known, verdict }, isSession: false, isMissing: false };
  }
  try {
    const { signal } = new AbortController();
    const to = login ? hop : { ...hop, login: undefined };
    const session = await connectorFor(sending, connections).open(to, rules, signal);
    await session.quit();
    const { greeting, extensions } = session.peer;
    const verdict: Verdict = { result: "accepted", reason: `${hop.host} would be given mail` };
    return {
      probed: { ...known, greeting, extensions: Object.fromEntries(extensions), verdict },
      ...{ isSession: true, isMissing: false },
    };
  } catch (error) {
    return {
      probed: { ...known, verdict: verdictOn(error, hop.host) },
      isSession: error instanceof ClientFault,
      isMissing: error instanceof DialFailure && error.permanent,
    };
  }
}

function verdictOn(error: unknown, host: string): Verdict {
  const outcome = faulty(error, host);
  const { result, reason } = outcome;
  return result === "delivered"
    ? { result: "accepted", reason }
    : { result, status: outcome.status, reason };
}

/** Makes connections as a delivery does, and tells of each. */
function connectorFor({ dial, name, ca, timeouts }: Sending, told: Connection[]): Connector {
  return new Connector({
    ...{ name, ca, timeouts, pool: new Pool() },
    dial: async (hop, signal) => {
      const dialled = await dial(hop, signal);
      told.push({ address: dialled.address });
      return dialled;
    },
    secure: async (socket, options) => {
      const secured = await secure(socket, options);
      const { raw } = secured.socket.getPeerCertificate(true);
      Object.assign(told.at(-1)!, {
        tls: secured.tls,
        certificate: describeCertificate(readCertificate(raw)),
      });
      return secured;
    },
    results: {
      count: ({ reason }) => {
        if (reason !== undefined) told.at(-1)!.failure = reason;
      },
    },
  });
}
