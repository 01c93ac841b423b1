/**
 * `dmarc report` and `tls report` on the command line: reports that others have sent, in words.
 * @module
 */
import type { Command } from "commander";
import type { Show } from "./show.ts";
import { STDIN } from "./words.ts";

/**
 * Adds the commands `dmarc` and `tls`.
 *
 * @param failed called if a file has no report, or a broken one
 */
export function addReports(postmaster: Command, failed: () => void): void {
  addGroup(postmaster, "dmarc", "read aggregate reports of DMARC", {
    description: "show what others have seen of mail in the name of a domain (DMARC, RFC 7489)",
    show: async (...args) => await (await import("./show.ts")).showDmarc(...args),
    failed,
  });
  addGroup(postmaster, "tls", "read reports of TLS", {
    description: "show how often others could encrypt their mail to a domain (RFC 8460)",
    show: async (...args) => await (await import("./show.ts")).showTls(...args),
    failed,
  });
}

/** A command `report`. */
interface ReportCommand {
  readonly description: string;
  readonly show: Show;
  readonly failed: () => void;
}

function addGroup(
  postmaster: Command,
  name: string,
  summary: string,
  { description, show, failed }: ReportCommand,
): void {
  postmaster.command(name).summary(summary).description(summary).helpCommand(false)
    .command("report")
    .description(description)
    .argument(
      "<file...>",
      `reports, which may be compressed, or messages with reports; \`${STDIN}\` is the standard input`,
    )
    .allowExcessArguments(false)
    .option("--json", "print a JSON object a line, one for each report")
    .option("--debug", "show where in the program an error came from")
    .action(async (files: readonly string[], { json = false }: { readonly json?: boolean }) => {
      if (!await show(files, json)) failed();
    });
}
