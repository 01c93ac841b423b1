/**
 * What delivers to local users: its program is there, or its server answers, and it can run as its user.
 * @module
 */
import { faultOfProgram } from "../../acme/dns_hook.ts";
import { messageOf } from "../../base/message_of.ts";
import { failureOf } from "../../base/tried.ts";
import { type Hop, printHop, socketPathOf } from "../../client/hop.ts";
import type { Settings } from "../../config/mod.ts";
import { tryMailers } from "../../daemon/mailers.ts";
import { findIdentity } from "../../targets/identity.ts";
import { RECIPIENT } from "../../targets/launch.ts";
import type { Check } from "./check.ts";
import { fault, type Found, ok } from "./finding.ts";
import { greet } from "./greet.ts";

/** The check. */
export const mailer: Check = {
  name: "mailer",
  about: "what delivers to local users: it is there, and can run as its user",
  network: false,
  run: async ({ settings, config, hostname, isOther }, signal) => {
    const { mailer, relay } = settings;
    if (mailer === undefined) return [];
    if (mailer.lmtp !== undefined) return [await storeAt(mailer.lmtp, hostname, signal)];
    const programs = [
      ...mailer.maildir === undefined && mailer.mbox === undefined
        ? programIn("mailer", mailer)
        : [],
      ...relay !== undefined && "command" in relay ? programIn("relay", relay) : [],
    ];
    const failure = config === undefined || isOther
      ? undefined
      : await tryMailers(config).then(() => undefined, messageOf);
    const found = [...programs, ...failure === undefined ? [] : [fault("mailer", failure)]];
    return found.length > 0 ? found : [ok("mailer", "what delivers mail is there")];
  },
};

/** What is wrong with a program. */
function programIn(
  key: string,
  { command: [program = ""], user, group }: Pick<Settings["mailer"], "command" | "user" | "group">,
): readonly Found[] {
  const missing = faultOfProgram(program);
  if (missing !== undefined) {
    return [
      fault(key, `mail cannot be delivered: ${missing}`, `install it, or mend \`${key}.command\``),
    ];
  }
  const nobody = user === RECIPIENT ? undefined : failureOf(() => findIdentity(user, group));
  return nobody === undefined
    ? []
    : [fault(key, `${program} cannot run: ${nobody}`, `add the user, or mend \`${key}.user\``)];
}

/** Greets a mail store. */
async function storeAt(hop: Hop, hostname: string, signal: AbortSignal): Promise<Found> {
  const { scheme, host, port } = hop;
  const path = socketPathOf(hop);
  const store = printHop(hop);
  try {
    const to = path === undefined ? { host, port } : { path };
    const { greeting } = await greet({ scheme, host, to, tls: false }, hostname, signal);
    return ok(store, `the mail store ${store} answers: ${greeting}`);
  } catch (error) {
    const what = `the mail store ${store} does not answer: ${messageOf(error)}`;
    return fault(store, what, "start it, or mend `mailer.lmtp`");
  }
}
