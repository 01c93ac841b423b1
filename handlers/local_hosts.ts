/**
 * The domains of the server's own mail.
 * @module
 */
import { canonicalName, type HandlerFactory, Mailbox, on, relayingDenied } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { domain } from "./domain.ts";

/**
 * Passes on recipients in these domains and denies relaying to all others. The bare `<postmaster>` (RFC 5321 section
 * 4.5.1) becomes the postmaster of the first domain. Local parts have no routes: `%`, `!` and a quoted `@` mean
 * nothing.
 *
 * @example
 * ```ts
 * import { localHosts } from "postmaster/handlers";
 *
 * export default localHosts(["example.net", "example.org"]);
 * ```
 */
export const localHosts: HandlerFactory<readonly string[]> = defineHandler({
  name: "local-hosts",
  summary: "Denies relaying to all domains but these.",
  options: kinds.list(
    domain,
    "a list of domains, such as [example.net]",
  ),
  create: (hosts) => {
    const ours = new Set(hosts.map(canonicalName));
    const [first] = hosts;
    return on("AddRcptTo", (event, next) => {
      const { local, domain } = event.mailbox;
      if (domain === "" && first !== undefined) {
        return next({ ...event, mailbox: new Mailbox(local, first) });
      }
      return ours.has(canonicalName(domain)) ? next() : relayingDenied;
    });
  },
  example: "local-hosts: [example.net, example.org]",
});
