/**
 * Routes: whose mail goes where.
 *
 * @module
 */
import { lower } from "../smtp/ascii.ts";
import { rejoin } from "../smtp/subaddress.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import type { EventOf } from "./event.ts";
import type { Addressee, Route, Target } from "./reply.ts";

/**
 * The route that takes mail of the event's recipient to a target.
 *
 * @param user the user or account that was found, if it is known; a local part that is the user's name in another
 * case becomes that name
 */
export function routeTo(event: EventOf<"AddRcptTo">, target: Target, user?: string): Route {
  const { mailbox, suffix = "" } = event;
  const recipient = rejoin(user === undefined ? mailbox : spelledAs(user, mailbox), suffix);
  if (suffix !== "") {
    return { recipient, target, user: user ?? mailbox.local, extension: suffix.slice(1) };
  }
  return user === undefined ? { recipient, target } : { recipient, target, user };
}

function spelledAs(user: string, mailbox: Mailbox): Mailbox {
  const isOtherCase = user !== mailbox.local && lower(user) === lower(mailbox.local);
  return isOtherCase ? new Mailbox(user, mailbox.domain) : mailbox;
}

/** The same for two routes if their mail is for the same user and goes to the same place. */
export const routeKey = (route: Route): string => `${addresseeKey(route)} ${placeKey(route)}`;

/** The same for two whose mail is one mail wherever it goes. */
export const addresseeKey = ({ recipient, user, extension }: Addressee): string =>
  user === undefined ? recipient.key : `${recipient.key} ${JSON.stringify([user, extension])}`;

/** The same for two routes to the same place. */
export const placeKey = ({ target }: Route): string => JSON.stringify([target.target, target.args]);
