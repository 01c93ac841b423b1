/**
 * Refusal of senders that cannot receive mail.
 * @module
 */
import { type HandlerFactory, on, type Reply, say, type Session } from "postmaster";
import { defineHandler, kinds } from "postmaster/making";
import { found, unlessInDoubt } from "./lookup.ts";

const NO_DOMAIN = say(5, 5, 0, "the domain of the sender does not exist", "5.1.8");
const NO_MAIL = say(5, 5, 0, "the domain of the sender takes no mail", "5.7.27");

/**
 * Refuses senders whose domain cannot receive mail: the domain does not exist, has neither MX nor address, or has a
 * null MX (RFC 7505). The null sender of bounces and address literals pass. While the DNS does not answer, mail is
 * deferred.
 *
 * @example
 * ```ts
 * import { senderDomain } from "postmaster/handlers";
 *
 * export default senderDomain();
 * ```
 */
export const senderDomain: HandlerFactory<undefined> = defineHandler({
  name: "sender-domain",
  summary: "Refuses senders whose domain cannot receive mail.",
  options: kinds.none,
  create: () =>
    on("SetMailFrom", ({ mailbox }, next, session) => {
      const domain = mailbox?.domain ?? "";
      if (domain === "" || domain.startsWith("[")) return next();
      return unlessInDoubt(
        async () => await refusal(domain, session) ?? await next(),
        (text, fields) => session.log(text, fields),
      );
    }),
  example: "sender-domain",
});

async function refusal(domain: string, { dns }: Session): Promise<Reply | undefined> {
  const exchanges = await found(dns.resolveMx(domain), []);
  if (exchanges.length > 0) {
    return exchanges.every(({ exchange }) => exchange === "" || exchange === ".")
      ? NO_MAIL
      : undefined;
  }
  for (const addresses of [() => dns.resolve4(domain), () => dns.resolve6(domain)]) {
    if ((await found(addresses(), [])).length > 0) return undefined;
  }
  return NO_DOMAIN;
}
