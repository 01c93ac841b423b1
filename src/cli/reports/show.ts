/**
 * Prints reports that others have sent.
 * @module
 */
import { messageOf } from "../../base/message_of.ts";
import { readReport } from "../../dmarc/read_report.ts";
import { printable } from "../../log/escape.ts";
import { readTlsReport } from "../../security/report/read_report.ts";
import { Printer } from "../printer.ts";
import { dmarcLines, dmarcSums } from "./dmarc.ts";
import { documentsIn, type Form, nameOf, octetsOf } from "./documents.ts";
import { tlsLines, tlsSums } from "./tls.ts";

/** One kind of reports. */
interface Kind<R> {
  readonly form: Form;
  readonly read: (document: string) => R;
  readonly lines: (report: R) => readonly string[];
  /** The last lines for reports. */
  readonly sums: (reports: readonly R[]) => readonly string[];
}

/** Prints reports as a JSON object a line, or in words. Returns whether each file has one, and none is broken. */
export type Show = (files: readonly string[], json: boolean) => Promise<boolean>;

/** Prints aggregate reports of DMARC. */
export const showDmarc: Show = (files, json) =>
  show(files, { form: "xml", read: readReport, lines: dmarcLines, sums: dmarcSums }, json);

/** Prints reports of TLS. */
export const showTls: Show = (files, json) =>
  show(files, { form: "json", read: readTlsReport, lines: tlsLines, sums: tlsSums }, json);

async function show<R>(
  files: readonly string[],
  { form, read, lines, sums }: Kind<R>,
  json: boolean,
): Promise<boolean> {
  const printer = new Printer();
  const reports: R[] = [];
  let isGood = true;
  for (const file of files) {
    try {
      const documents = await documentsIn(await octetsOf(file), form);
      if (documents.length === 0) throw new Error("there is no report in it");
      for (const document of documents) {
        const report = read(document);
        if (json) printer.print(printable(JSON.stringify(report)));
        else for (const line of [...lines(report), ""]) printer.print(printable(line));
        reports.push(report);
      }
    } catch (error) {
      isGood = false;
      console.error(printable(`postmaster: ${nameOf(file)}: ${messageOf(error)}`));
    }
  }
  if (!json && reports.length > 0) {
    for (const line of sums(reports)) printer.print(printable(line));
  }
  printer.flush();
  return isGood;
}
