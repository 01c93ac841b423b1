/**
 * Connections to other servers: the relay answers, and nobody between here and the Internet blocks port 25.
 * @module
 */
import { parseIp } from "../../base/ip.ts";
import { messageOf } from "../../base/message_of.ts";
import { sendingOf, type SmtpRelay } from "../../config/mod.ts";
import { silent } from "../../log/event.ts";
import { rulesFor } from "../../relay/rules.ts";
import { NO_POLICIES } from "../../security/sts/policy.ts";
import { probeServer } from "../probe/server.ts";
import { type Check, forEach } from "./check.ts";
import { addressesAt } from "./exchangers.ts";
import { fault, type Found, note, ok } from "./finding.ts";
import { greet } from "./greet.ts";
import type { Installation } from "./installation.ts";

/** The check. */
export const outgoing: Check = {
  name: "outgoing",
  about: "connections to other servers: the relay answers, and port 25 is not blocked",
  network: true,
  run: async (installation, signal) => {
    const { relay, sends, wishes, exchangerPort } = installation;
    const tried = await forEach(
      wishes.exchangers,
      String,
      (written) => exchanger(written, installation, signal),
    );
    if (relay?.via !== undefined) return [...tried, ...await servers(relay, installation)];
    if (!sends || wishes.exchangers.length > 0) return tried;
    const what = `whether port ${exchangerPort} of other servers can be reached was not tried`;
    return [note("relay.mx", what, "name an exchanger: postmaster doctor --mx mx.example.org")];
  },
};

async function exchanger(
  written: string,
  { dns, hostname, exchangerPort }: Installation,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const [, host = "", digits] = /^\[?(.*?)\]?(?::(\d{1,5}))?$/.exec(written) ?? [];
  const port = Number(digits ?? exchangerPort);
  const [address = host] = parseIp(host) === undefined
    ? (await addressesAt(host, dns)).addresses
    : [];
  try {
    const to = { host: address, port };
    const { greeting } = await greet({ scheme: "smtp", host, to, tls: false }, hostname, signal);
    return [ok(written, `port ${port} of other servers can be reached: ${greeting}`)];
  } catch (error) {
    const what = `port ${port} of ${host} cannot be reached from here: ${messageOf(error)}`;
    return [
      fault(
        written,
        what,
        `if others reach it, let your provider open port ${port}, or send by \`relay: {via: …}\``,
      ),
    ];
  }
}

/** A name that no route names. */
const ANYWHERE = "elsewhere.invalid";

/** The servers that all mail goes by. */
async function servers(
  relay: SmtpRelay,
  { config, dns }: Installation,
): Promise<readonly Found[]> {
  if (config === undefined) return [];
  const sending = sendingOf(config, relay, { dns, sts: NO_POLICIES, log: silent });
  const way = await sending.routing.wayTo(ANYWHERE, null, {});
  if ("outcome" in way) return [fault("relay.via", `no mail is sent: ${way.outcome.reason}`)];
  const rulesOf = rulesFor(way, sending.security);
  return await forEach(way.hops, ({ host }) => host, async (hop) => {
    const { probed } = await probeServer(hop, await rulesOf(hop), sending, false);
    const { server, verdict: { result, reason } } = probed;
    return result === "accepted"
      ? [ok(server, `the relay ${server} answers`)]
      : [fault(server, `the relay ${server} takes no mail: ${reason}`, "mend `relay.via`")];
  });
}
