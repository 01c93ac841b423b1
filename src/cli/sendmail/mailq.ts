/**
 * `mailq` and `sendmail -q`: the queue in the form that scripts know from Postfix.
 * @module
 */
import { printable } from "../../log/escape.ts";
import type { Listed, QueueDesk } from "../../queue/store.ts";
import { Printer } from "../printer.ts";
import { withDesk } from "../queue/open.ts";
import { pages } from "../queue/pages.ts";
import { reasonOf } from "../queue/words.ts";
import type { SendmailCall } from "./options.ts";

const HEAD = "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------";
/** Where recipients begin. */
const INDENT = " ".repeat(41);

/** Shows the queue to those who may see it. */
export function listQueue({ config }: Pick<SendmailCall, "config">): Promise<void> {
  return withDesk(config === undefined ? {} : { config }, printQueue);
}

/** Has all mail that waits tried at once. */
export function flushQueue({ config }: Pick<SendmailCall, "config">): Promise<void> {
  return withDesk(config === undefined ? {} : { config }, async (desk) => {
    const retry = { kind: "retry", due: Date.now() } as const;
    const ask = (after: number, limit: number) =>
      desk.change({}, retry, { after, limit, dryRun: false });
    for await (const _ of pages(ask));
  });
}

async function printQueue(desk: QueueDesk): Promise<void> {
  const printer = new Printer();
  const print = (line: string) => printer.print(printable(line));
  let last: string | undefined;
  let messages = 0;
  let octets = 0;
  for await (const items of pages((after, limit) => desk.find({}, after, limit))) {
    for (const item of items) {
      const { message } = item;
      if (message.id !== last) {
        print(messages === 0 ? HEAD : "");
        print(messageLine(item));
        messages++;
        octets += message.size;
      }
      last = message.id;
      for (const line of recipientLines(item)) print(line);
    }
    printer.flush();
  }
  if (messages === 0) print("Mail queue is empty");
  else {
    print("");
    print(
      `-- ${Math.ceil(octets / 1024)} Kbytes in ${messages} Request${messages > 1 ? "s" : ""}.`,
    );
  }
  printer.flush();
}

/** `*` is mail that is tried now, `!` mail on hold. */
function messageLine({ message, recipient: { state } }: Listed): string {
  const mark = state.at === "active" ? "*" : state.at === "held" ? "!" : " ";
  const { id, size, accepted, sender } = message;
  const left = `${`${id}${mark}`.padEnd(11)} ${String(size).padStart(8)}`;
  return `${left} ${timeOf(accepted)}  ${sender ?? "MAILER-DAEMON"}`;
}

function recipientLines({ recipient }: Listed): string[] {
  const reason = reasonOf(recipient);
  return [
    ...reason === undefined ? [] : [`(${reason})`.padStart(INDENT.length + 35)],
    `${INDENT}${recipient.recipient}`,
  ];
}

/** `Sun Nov 29 09:26:02`, in the time of this machine. */
function timeOf(time: number): string {
  const date = new Date(time);
  const [day, month] = date.toDateString().split(" ");
  const number = String(date.getDate()).padStart(2);
  return `${day} ${month} ${number} ${date.toTimeString().slice(0, 8)}`;
}
