/**
 * The domains that a server accepts mail for.
 *
 * @module
 */
import { type Handler, isMailDomain, Mailbox, named, on, relayingDenied } from "postmaster";
import { z } from "zod";

/** The options of {@linkcode localHosts} in a configuration: a list of domains. */
export const localHostsOptions: z.ZodType<readonly string[], readonly string[]> = z.array(
  z.string().refine(isMailDomain, { error: "this is no domain: write one such as example.net" }),
  { error: "a list of domains, such as [example.net]" },
).min(1);

/**
 * Passes recipients in these domains on and denies relaying to all others. The bare `<postmaster>` (RFC 5321
 * section 4.5.1) becomes postmaster of the first domain. Local parts are never looked into: `%`, `!` and
 * a quoted `@` mean nothing here.
 *
 * @example
 * ```ts
 * import { localHosts } from "postmaster/handlers";
 *
 * export default localHosts(["example.net", "example.org"]);
 * ```
 */
export function localHosts(hosts: readonly string[]): Handler {
  const ours = new Set(hosts.map((host) => host.toLowerCase()));
  const [first] = hosts;
  return named(
    "local-hosts",
    on("AddRcptTo", (event, next) => {
      const { local, domain } = event.mailbox;
      if (domain === "" && first !== undefined) {
        return next({ ...event, mailbox: new Mailbox(local, first) });
      }
      return ours.has(domain.toLowerCase()) ? next() : relayingDenied;
    }),
  );
}
