/**
 * The file with what a shadow has found. It is written now and then; who removes it has the counts begin anew.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { replaceFile, replaceFileAside } from "../base/replace_file.ts";
import { tried } from "../base/tried.ts";
import type { Findings } from "../shadow/observed.ts";
import { addTo, emptyReport, type ShadowReport } from "../shadow/report.ts";

/** Milliseconds between two writes. */
const PAUSE = 2000;

/** The path of the file in a state directory. */
export const shadowFile = (stateDirectory: string): string => join(stateDirectory, "shadow.json");

/** What is in the file; `undefined` if there is none, or it is broken. */
export const readShadowReport = (file: string): ShadowReport | undefined =>
  tried(() => JSON.parse(Deno.readTextFileSync(file)) as ShadowReport);

/** A report that is kept in a file. */
export class KeptReport {
  readonly #file: string;
  readonly #failed: (error: unknown) => void;
  #report: ShadowReport;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isWritten: boolean;

  /**
   * Goes on with the report in the file if it is about the same.
   *
   * @param failed called if the file cannot be written
   */
  constructor(
    file: string,
    about: Pick<ShadowReport, "of" | "handlers">,
    failed: (error: unknown) => void,
  ) {
    this.#file = file;
    this.#failed = failed;
    const before = readShadowReport(file);
    this.#isWritten = before?.of === about.of;
    this.#report = this.#isWritten ? before! : emptyReport(about, Date.now());
    if (!this.#isWritten) this.#soon();
  }

  add(found: Findings): void {
    this.#beginIfReset();
    addTo(this.#report, found, Date.now());
    this.#soon();
  }

  restarted(): void {
    this.#report.restarts++;
    this.#soon();
  }

  /** Writes what is not written yet. */
  close(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    try {
      replaceFile(this.#file, this.#text());
    } catch (error) {
      this.#failed(error);
    }
  }

  #text(): string {
    return `${JSON.stringify(this.#report)}\n`;
  }

  #beginIfReset(): void {
    if (!this.#isWritten || existsSync(this.#file)) return;
    this.#isWritten = false;
    this.#report = emptyReport(this.#report, Date.now());
  }

  #soon(): void {
    this.#timer ??= setTimeout(async () => {
      this.#beginIfReset();
      this.#timer = undefined;
      try {
        await replaceFileAside(this.#file, this.#text());
        this.#isWritten = true;
      } catch (error) {
        this.#failed(error);
      }
    }, PAUSE);
  }
}
