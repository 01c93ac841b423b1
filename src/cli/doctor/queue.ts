/**
 * The queue of the running server: its store keeps mail, and no mail has waited for long.
 * @module
 */
import { isListening, RemoteDesk } from "../../daemon/control_client.ts";
import type { Health } from "../../queue/desk.ts";
import { faultIn } from "../../queue/sqlite/examine.ts";
import { counted, roughDuration, roughSize } from "../queue/rough.ts";
import type { Check } from "./check.ts";
import { fault, type Found, note, ok, warning } from "./finding.ts";

/** More than this waits only if something is wrong. */
const MANY = 10_000;
/** The same for milliseconds. */
const LONG = 24 * 3_600_000;

/** The check. A store that no server has is left alone: a server that starts would have to wait for it. */
export const queue: Check = {
  name: "queue",
  about: "the queue: its store keeps mail, and no mail has waited for long",
  network: false,
  run: async ({ places }) => {
    if (places?.queue === undefined) return [];
    const { queue: { directory }, socket } = places;
    const damage = faultIn(directory);
    if (damage !== undefined) return [fault(directory, damage)];
    if (!await isListening(socket)) {
      const what = `no server has the queue in ${directory}, so it was not looked into`;
      return [note(directory, what, "when the server is to stay down: `postmaster queue stats`")];
    }
    return judge(await new RemoteDesk(socket).stats(), directory);
  },
};

function judge(health: Health, directory: string): readonly Found[] {
  const { messages, octets, recipients: { waiting, held }, oldest, destinations, trouble } = health;
  const age = oldest === undefined ? 0 : Date.now() - oldest;
  const [first] = destinations;
  const most = first && `, most of them for ${first.destination}`;
  const found: Found[] = [];
  if (trouble !== undefined) {
    const what = `the queue keeps no mail at the moment: ${trouble}`;
    found.push(fault(directory, what, "make room on its file system, or look into the log"));
  }
  if (waiting > MANY) {
    const what = `${counted(waiting, "recipient")} wait in the queue${most ?? ""}`;
    found.push(warning(directory, what, "`postmaster queue stats` says why"));
  }
  if (age > LONG) {
    const what = `the oldest message in the queue is from ${roughDuration(age)} ago`;
    found.push(warning(directory, what, "`postmaster queue list` says why it waits"));
  }
  if (held > 0) {
    const what = `${counted(held, "recipient")} in the queue ${held === 1 ? "is" : "are"} on hold`;
    found.push(note(directory, what, "`postmaster queue list --state held`, then release or drop"));
  }
  return found.length > 0
    ? found
    : [ok(directory, `the queue has ${counted(messages, "message")}, of ${roughSize(octets)}`)];
}
