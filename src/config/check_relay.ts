/**
 * What is doubtful about how mail is sent on.
 * @module
 */
import { kebabCase } from "../base/kinds.ts";
import { printHop, socketPathOf } from "../client/hop.ts";
import { isListening, isOfMachine } from "../net/own_addresses.ts";
import type { Finding } from "./explain.ts";
import type { RelaySettings, SmtpRelay } from "./relay.ts";
import type { Settings } from "./schema.ts";

/** What is no mistake, but hardly meant. */
export function doubtsAboutRelay(settings: RelayFacts): readonly Finding[] {
  const { relay, listen } = settings;
  if (relay === undefined || "command" in relay) return unsigned(settings);
  return [...absentAddresses(relay), ...ownServers(relay, listen), ...openPasswords(relay)];
}

/** What the relay goes together with. */
type RelayFacts =
  & { readonly relay?: RelaySettings | undefined }
  & Pick<Settings, "listen">
  & Partial<Pick<Settings, "dkimSign" | "arcSeal">>;

/** Signatures of mail that the server does not send itself. */
const unsigned = (settings: RelayFacts): readonly Finding[] =>
  (["dkimSign", "arcSeal"] as const).filter((key) => settings[key] !== undefined).map((key) => ({
    path: [kebabCase(key)],
    message: "only mail that the server itself sends on is signed, and it sends none: write " +
      "`relay: {mx: {}}`",
  }));

/** An own address may come later, as one that moves between machines; until then mail waits. */
function absentAddresses({ sourceAddress }: SmtpRelay): readonly Finding[] {
  const all = sourceAddress?.values().flatMap((addresses) => addresses ?? []) ?? [];
  const absent = [...new Set(all)].filter((one) =>
    one !== "0.0.0.0" && one !== "::" && !isOfMachine(one)
  );
  return absent.map((address) => ({
    path: ["relay", "source-address"],
    message: `this machine has no address ${address} now: mail from it waits`,
  }));
}

/** All servers that mail is sent on by, with the places where they are named. */
export const serversOf = ({ via = [], routes, bySender }: SmtpRelay) =>
  [
    { key: "via", servers: via },
    { key: "routes", servers: (routes?.values() ?? []).flatMap((one) => one === "mx" ? [] : one) },
    {
      key: "by-sender",
      servers: (bySender?.values() ?? []).flatMap((one) => one === "mx" ? [] : one),
    },
  ].flatMap(({ key, servers }) => servers.map(({ hop }) => ({ path: ["relay", key], hop })));

/** Servers that are this one. */
function ownServers(relay: SmtpRelay, listen: Settings["listen"]): readonly Finding[] {
  const listening = listen.flatMap(({ address }) =>
    address.transport === "tcp" ? [{ address: address.hostname, port: address.port }] : []
  );
  return serversOf(relay).filter(({ hop }) => isListening(listening, hop.host, hop.port))
    .map(({ path, hop }) => ({
      path,
      message: `${printHop(hop)} is this server itself: its mail would go in circles`,
    }));
}

/** Servers that get a password although nobody knows who they are. */
const openPasswords = (relay: SmtpRelay): readonly Finding[] =>
  serversOf(relay).filter(({ hop }) =>
    hop.login !== undefined && !["verify", "dane", "sts"].includes(hop.tls ?? "") &&
    socketPathOf(hop) === undefined
  ).map(({ path, hop }) => ({
    path,
    message: `with \`tls: ${hop.tls}\`, others may get the password for ${
      printHop(hop)
    }: write verify`,
  }));
