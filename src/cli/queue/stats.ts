/**
 * `postmaster queue stats`: how much there is in the queue, and whether its store is well.
 * @module
 */
import { printable } from "../../log/escape.ts";
import type { Health, OperatorsDesk } from "../../queue/desk.ts";
import { counted, roughDuration, roughSize } from "./rough.ts";
import { Table } from "./table.ts";
import { isoTime } from "./words.ts";

export async function stats(desk: OperatorsDesk, json: boolean): Promise<void> {
  const health = await desk.stats();
  const lines = json ? [JSON.stringify(asJson(health))] : asText(health);
  for (const line of lines) console.log(printable(line));
}

function asJson(health: Health): object {
  const { messages, octets, recipients, oldest, destinations, kinds, trouble } = health;
  return {
    ...{ messages, octets, ...recipients, oldest: isoTime(oldest), destinations, kinds },
    trouble: trouble ?? null,
  };
}

function asText(
  { messages, octets, recipients, oldest, destinations, kinds, trouble }: Health,
): string[] {
  const { waiting, active, held, ended } = recipients;
  const number = (count: number) => count.toLocaleString("en");
  const age = oldest === undefined ? "none" : `accepted ${roughDuration(Date.now() - oldest)} ago`;
  const top = new Table<Health["destinations"][number]>([
    { head: "DESTINATION", cell: ({ destination }) => destination },
    { head: "WAITING", cell: ({ waiting }) => number(waiting), right: true },
  ]);
  const reasons = new Table<Health["kinds"][number]>([
    { head: "REFUSED FOR", cell: ({ kind }) => kind },
    { head: "WAITING", cell: ({ waiting }) => number(waiting), right: true },
  ]);
  return [
    `store: ${trouble === undefined ? "well" : `keeps nothing at the moment: ${trouble}`}`,
    `messages: ${number(messages)}, of ${roughSize(octets)}`,
    `recipients: ${number(waiting)} waiting, ${number(active)} active, ${number(held)} held`,
    `ended: ${counted(ended, "recipient")} still known to \`postmaster trace\``,
    `oldest message: ${age}`,
    ...destinations.length === 0 ? [] : ["", ...top.lines(destinations)],
    ...kinds.length === 0 ? [] : ["", ...reasons.lines(kinds)],
  ];
}
