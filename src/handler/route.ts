/**
 * Routes: recipients with their targets.
 * @module
 */
import { rejoin } from "../smtp/subaddress.ts";
import { Mailbox } from "../smtp/mailbox.ts";
import { foldCase } from "../smtp/unicode.ts";
import type { EventOf } from "./event.ts";
import type { Addressee, Route, Target } from "./reply.ts";

/**
 * The route from the event's recipient to a target.
 *
 * @param user the user, if it is known; a local part that is the user's name in another case becomes that name
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
  const isOtherCase = user !== mailbox.local && foldCase(user) === foldCase(mailbox.local);
  return isOtherCase ? new Mailbox(user, mailbox.domain) : mailbox;
}

/** A key that is equal for two routes with the same user and the same place. */
export const routeKey = (route: Route): string => `${addresseeKey(route)} ${placeKey(route)}`;

/** A key that is equal for two addressees of the same mail. */
export const addresseeKey = ({ recipient, user, extension }: Addressee): string =>
  user === undefined ? recipient.key : `${recipient.key} ${JSON.stringify([user, extension])}`;

/** A key that is equal for two routes to the same place. */
export const placeKey = ({ target }: Pick<Route, "target">): string =>
  JSON.stringify([target.target, target.args]);

/** Whether mail goes to the same place. */
export const isSamePlace = (one: Pick<Route, "target">, other: Pick<Route, "target">): boolean =>
  one.target === other.target || placeKey(one) === placeKey(other);
