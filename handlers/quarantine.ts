/**
 * Mail that is put aside.
 * @module
 */
import {
  type EventOf,
  headerField,
  type Mailbox,
  type MaybePromise,
  type Next,
  prepend,
  type Reply,
  say,
  type Session,
} from "postmaster";
import { kinds, z } from "postmaster/making";
import { address } from "./catch_all.ts";

/** Where mail goes that is put aside: marked, on hold, on its way as if nothing were wrong, or to one address. */
export type Quarantine = "header" | "hold" | "none" | { readonly to: string };

/** The same, as it is checked. */
export type Aside = "header" | "hold" | "none" | { readonly to: Mailbox };

/** An option for it. */
export const quarantine: z.ZodType<Aside, Quarantine> = z.union([
  z.enum(["header", "hold", "none"]),
  kinds.options({
    to: address.describe("The address that gets the message instead of its recipients."),
  }),
]);

/** What an option does, for its description. */
export const QUARANTINE: string =
  "a field `X-Quarantine` (`header`), by which mailers can sort; the queue, where an operator decides (`hold`); an " +
  "address that gets the message instead of its recipients (`{ to: ADDRESS }`); or nothing but a note (`none`).";

/** Passes a message on to where it is put aside. */
export function putAside(
  quarantine: Aside,
  reason: string,
  event: EventOf<"Deliver">,
  next: Next<"Deliver">,
  session: Session,
): MaybePromise<Reply> {
  if (quarantine === "hold") return next({ ...event, hold: event.hold ?? reason });
  if (typeof quarantine === "object") return sendTo(quarantine.to, event, next, session);
  return next({ ...event, body: prepend(event.body, headerField("X-Quarantine", reason)) });
}

const CANNOT = say(4, 5, 1, "cannot put the message aside now", "4.3.0");

async function sendTo(
  to: Mailbox,
  event: EventOf<"Deliver">,
  next: Next<"Deliver">,
  session: Session,
): Promise<Reply> {
  const asked = { type: "AddRcptTo", mailbox: to, parameters: new Map() } as const;
  const { routes } = await session.trigger(asked);
  if (routes !== undefined) {
    const copies = event.routes.filter(({ copy }) => copy);
    return await next({ ...event, routes: [...routes, ...copies] });
  }
  session.log("nobody accepts the address of the quarantine", { address: String(to) });
  return CANNOT;
}
