/**
 * The listeners of the configuration: the server answers at each, with its name and with TLS.
 * @module
 */
import { messageOf } from "../../base/message_of.ts";
import { isSameName } from "../../dns/name.ts";
import { isForUsers, printListen } from "../../net/address.ts";
import { canEncrypt } from "../../tls/certificates.ts";
import { presentedIn } from "./certificates.ts";
import { type Check, forEach } from "./check.ts";
import { fault, type Found, note, ok, warning } from "./finding.ts";
import { destinationAt, type Greeted, type Listener } from "./greet.ts";
import type { Installation } from "./installation.ts";

/** The check. */
export const ports: Check = {
  name: "ports",
  about: "the listeners: the server answers at each, with its name and with TLS",
  network: false,
  run: (installation, signal) =>
    forEach(
      installation.listeners,
      ({ address }) => printListen(address),
      (listener) => listenerAt(listener, installation, signal),
    ),
};

async function listenerAt(
  listener: Listener,
  installation: Installation,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const { hostname } = installation;
  const place = printListen(listener.address);
  if (destinationAt(listener, hostname) === undefined) {
    return [note(place, `where ${place} can be reached is not known, so it was not tried`)];
  }
  if (listener.proxy !== undefined) {
    return [note(place, `only proxies connect to ${place}, so it was not tried`)];
  }
  let greeted: Greeted;
  try {
    greeted = await installation.greetingAt(listener, signal);
  } catch (error) {
    const what = `the server does not answer at ${place}: ${messageOf(error)}`;
    return [
      fault(place, what, "start it: `systemctl start postmaster`; its log says what is wrong"),
    ];
  }
  const doubts = [
    ...doubtsAboutName(place, greeted.greeting, hostname),
    ...doubtsAboutTls(place, greeted, listener, installation),
    ...doubtsAboutLogin(place, greeted, listener, installation),
  ];
  return doubts.length > 0 ? doubts : [ok(place, `${place} answers: ${greeted.greeting}`)];
}

function doubtsAboutName(place: string, greeting: string, hostname: string): readonly Found[] {
  const [, name = ""] = /^220 (?:2\.\d+\.\d+ )?(\S+)/.exec(greeting) ?? [];
  if (isSameName(name, hostname)) return [];
  const what = `the greeting at ${place} is not of ${hostname}: ${greeting}`;
  return [warning(place, what, "does another server have the port? `ss -ltnp` tells")];
}

function doubtsAboutTls(
  place: string,
  { certificate }: Greeted,
  { kind }: Listener,
  { settings, config }: Installation,
): readonly Found[] {
  if (settings.tls === undefined || kind === "lmtp" || !canEncrypt) return [];
  if (certificate === undefined) {
    const what = `the server offers no STARTTLS at ${place}, although it has a certificate`;
    return [fault(place, what, "restart it: it may have been started before `tls` was set")];
  }
  const own = presentedIn(settings, config).flatMap(([first]) => first?.x509.fingerprint256 ?? []);
  if (own.length === 0 || own.includes(certificate.x509.fingerprint256)) return [];
  const what = `the certificate at ${place} is none of those in the files of the configuration`;
  return [warning(place, what, "restart the server, or look for a proxy in front of it")];
}

function doubtsAboutLogin(
  place: string,
  { extensions }: Greeted,
  { kind }: Listener,
  { settings: { auth } }: Installation,
): readonly Found[] {
  if (!isForUsers(kind) || auth === undefined || extensions.has("AUTH")) return [];
  const what = `users cannot log in at ${place}: the server offers no AUTH`;
  return [fault(place, what, "look at `auth.mechanisms`, and whether their servers run")];
}
