/**
 * The checks of the settings that are about connections: TLS, listeners and authentication.
 * @module
 */
import { readFileSync } from "node:fs";
import { faultOfProgram } from "../acme/dns_hook.ts";
import type { AcmeSettings } from "../acme/settings.ts";
import { isForUsers, portFault } from "../net/address.ts";
import { UNIX } from "../net/peers.ts";
import { canEncrypt, concernsOf } from "../tls/certificates.ts";
import { KeyFault, readKeyPair } from "../tls/key_pair.ts";
import { authenticationBy, type AuthSettings } from "./auth.ts";
import type { Config } from "./config.ts";
import type { Finding } from "./explain.ts";
import type { Faults } from "./faults.ts";
import type { ListenSetting } from "./schema.ts";
import type { ReadSettings } from "./settings.ts";

/** The certificates and keys must be readable and fit together. Returns what is doubtful. */
export function checkTls(
  { settings: { tls } }: ReadSettings,
  hostname: string,
  faults: Faults,
): readonly Finding[] {
  if (tls === undefined) return [];
  if (!canEncrypt) {
    const message =
      `Deno ${Deno.version.deno} cannot encrypt open connections: STARTTLS is not offered`;
    return [{ path: ["tls"], message }];
  }
  const pairs = tls.certificates.flatMap((files) => {
    try {
      return [readKeyPair(files)];
    } catch (error) {
      if (!(error instanceof KeyFault)) throw error;
      faults.add(["tls", ...files.at, error.which], error.message);
      return [];
    }
  });
  const { clientCa } = tls;
  if (clientCa !== undefined) faults.open(["tls", "client-ca"], () => readFileSync(clientCa));
  checkAcme(tls.acme, faults);
  return concernsOf(pairs, hostname).map(({ message }) => ({ path: ["tls"], message }));
}

/** What ACME needs must be there. */
function checkAcme(acme: AcmeSettings | undefined, faults: Faults): void {
  if (acme === undefined) return;
  const { ca, challenge } = acme;
  if (ca !== undefined) faults.open(["tls", "acme", "ca"], () => readFileSync(ca));
  if ("listen" in challenge) return;
  const fault = faultOfProgram(challenge.dnsHook[0]!);
  if (fault !== undefined) faults.add(["tls", "acme", "dns-hook", 0], fault);
}

/** The keys of listeners with peers that are believed. */
const PEERS = ["proxy", "xclient"] as const;

/** What is doubtful about the peers of listeners that are believed. */
export function doubtsAboutPeers(listens: readonly ListenSetting[]): readonly Finding[] {
  return listens.flatMap((listen, i) =>
    PEERS.flatMap((key) => {
      const open = listen[key]?.find((peer) => peer !== UNIX && peer.bits === 0);
      const message =
        `with ${open}, everyone can claim any address: write the networks that you trust`;
      return open === undefined ? [] : [{ path: ["listen", i, key], message }];
    })
  );
}

/** Listeners whose peers are believed must be able to know them. */
function checkPeers(listens: readonly ListenSetting[], faults: Faults): void {
  for (const [i, listen] of listens.entries()) {
    const { address, xclient, xclientLogin } = listen;
    for (const key of PEERS) {
      const fault = listen[key] === undefined ? undefined : unknowable(key, listen[key], address);
      if (fault !== undefined) faults.add(["listen", i, key], fault);
    }
    if (xclientLogin && xclient === undefined) {
      faults.add(["listen", i, "xclient-login"], "nobody may say XCLIENT here: set `xclient`");
    }
  }
}

/** Why none of these peers can connect to an address. */
function unknowable(
  key: typeof PEERS[number],
  peers: NonNullable<ListenSetting[typeof key]>,
  { transport }: ListenSetting["address"],
): string | undefined {
  if (transport === "unix" && !peers.includes(UNIX)) {
    return `who connects by a Unix socket has no address: write \`${key}: [unix]\``;
  }
  if (transport === "tcp" && peers.every((peer) => peer === UNIX)) {
    return "`unix` is for Unix sockets, and this is none: write networks such as [10.0.0.0/8]";
  }
  return undefined;
}

/** Listeners must have what their kind needs. */
export function checkListeners({ settings, wrong }: ReadSettings, faults: Faults): void {
  const { listen = [], tls, auth } = settings;
  checkPeers(listen, faults);
  if (wrong.has("tls") || wrong.has("auth")) return;
  for (const [i, { address, kind }] of listen.entries()) {
    const misplaced = address.transport === "tcp" ? portFault(kind, address.port) : undefined;
    const fault = misplaced ??
      (isForUsers(kind) ? lackingFor(kind, tls !== undefined, auth) : undefined);
    if (fault !== undefined) faults.add(["listen", i], fault);
  }
}

/** What a listener for users lacks. */
function lackingFor(
  kind: "submission" | "submissions",
  tls: boolean,
  auth: AuthSettings | undefined,
): string | undefined {
  const inClear = auth?.clearText === "loopback" && kind === "submission";
  if (auth === undefined) {
    return `clients of \`${kind}\` authenticate: say with the key \`auth\` how`;
  }
  if (!auth.listeners.includes(kind)) {
    return `clients of \`${kind}\` authenticate: add \`${kind}\` to \`auth.listeners\``;
  }
  if (inClear) return undefined;
  if (!tls) {
    return `connections to \`${kind}\` are encrypted: give a certificate and a key as \`tls\``;
  }
  return canEncrypt
    ? undefined
    : `Deno ${Deno.version.deno} cannot encrypt connections to \`${kind}\`: use 2.7.13 or later`;
}

/** Opens what authentication needs. */
export function checkAuthentication(
  { settings: { auth, tls }, wrong }: ReadSettings,
  faults: Faults,
): Config["authentication"] {
  if (auth === undefined) return undefined;
  const asked = wrong.has("tls") || (tls?.clientCertificates ?? "off") !== "off";
  if (auth.external !== undefined && !asked) {
    const message = "clients are not asked for certificates: set `client-certificates: request` " +
      "and `client-ca` in `tls`";
    faults.add(["auth", "external"], message);
  }
  return authenticationBy(auth, (path, open) => faults.open(["auth", ...path], open));
}
