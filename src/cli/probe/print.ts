/**
 * A probe in lines for people.
 * @module
 */
import type { Connection, Probe, ProbedServer, ProbedSts, Verdict } from "./facts.ts";
import { type Lookup, printLookup } from "../asking_resolver.ts";

/** The verdict first, then what it rests on. */
export function printProbe(probe: Probe): readonly string[] {
  const { domain, verdict, sts, servers, lookups, validating } = probe;
  return [
    `${domain}: ${printVerdict(verdict)}`,
    ...sts === null ? [] : [`  MTA-STS: ${printSts(sts)}`],
    ...servers.flatMap((server, i) => serverLines(server, i + 1)),
    ...lookups.length === 0 ? [] : [validating ? TRUSTED : UNTRUSTED],
    ...lookups.map((one) => `  ${printLookup(one)}${printTrust(one, validating)}`),
  ];
}

const TRUSTED = "DNS, by a resolver that is trusted to check DNSSEC:";
const UNTRUSTED =
  "DNS, by a resolver that is not trusted to check DNSSEC (`dns: { validating: true }`), so without DANE:";

const RESULTS: Readonly<Record<Verdict["result"], string>> = {
  accepted: "mail would go",
  deferred: "mail would wait",
  failed: "mail would fail",
};

const printVerdict = ({ result, status, reason }: Verdict): string =>
  `${RESULTS[result]}${status === undefined ? "" : `, ${status}`}: ${reason}`;

function printSts({ mode, mx, kept, trouble }: ProbedSts): string {
  const policy = mode === null ? "no policy" : `${mode}, for ${mx.join(", ") || "no server"}`;
  return [
    policy,
    ...kept ? ["kept from an earlier time"] : [],
    ...trouble === null ? [] : [trouble],
  ].join("; ");
}

const DEMANDS: Readonly<Record<NonNullable<ProbedServer["demanded"]>, string>> = {
  none: "no TLS",
  may: "TLS if it works",
  encrypt: "TLS, whatever the certificate is",
  verify: "TLS with a certificate that is trusted and for the server",
  dane: "TLS with a certificate that TLSA records name",
};

function serverLines(server: ProbedServer, number: number): readonly string[] {
  const { addresses, demanded, policy, tested, connections, greeting, login, verdict } = server;
  const all = addresses.map(({ address, refused }) =>
    refused === undefined ? address : `${address} (refused: it is ${refused})`
  );
  const extensions = Object.entries(server.extensions ?? {}).map((one) => one.join(" ").trim());
  return [
    `${number}. ${server.server}: ${printVerdict(verdict)}`,
    ...all.length === 0 ? [] : [`  addresses: ${all.join(", ")}`],
    ...demanded === null
      ? []
      : [`  demanded: ${DEMANDS[demanded]}${tested ? "; the policy of MTA-STS is tested" : ""}`],
    ...policy.type === "tlsa" ? policy.strings.map((record) => `  ${record}`) : [],
    ...connections.flatMap(connectionLines),
    ...greeting === undefined ? [] : [`  greeting: ${greeting}`],
    ...greeting === undefined ? [] : [`  extensions: ${extensions.join(", ") || "none"}`],
    ...login === undefined ? [] : [`  login: ${printLogin(login)}`],
  ];
}

function connectionLines({ address, tls, certificate, failure }: Connection): readonly string[] {
  const { protocol, cipher, verified } = tls ?? {};
  const by = verified === undefined ? "" : `, verified by ${verified}`;
  const how = failure ?? (tls === undefined ? "in clear text" : `${protocol}, ${cipher}${by}`);
  return [
    `  connection: ${address}, ${how}`,
    ...certificate === undefined ? [] : [`  certificate: ${certificate}`],
  ];
}

const printLogin = ({ user, tried }: NonNullable<ProbedServer["login"]>): string =>
  tried ? `as ${user}` : `as ${user}, not tried without --login`;

function printTrust({ authenticated, error }: Lookup, validating: boolean): string {
  if (!validating || error !== undefined) return "";
  return authenticated ? " (authenticated)" : " (not authenticated)";
}
