/**
 * Enhanced status codes (RFC 2034, RFC 3463): the default for each reply code.
 * @module
 */

const DEFAULTS: Readonly<Record<number, string>> = {
  251: "2.1.5",
  252: "2.5.0",
  421: "4.3.2",
  450: "4.2.0",
  451: "4.3.0",
  452: "4.3.1",
  454: "4.7.0",
  455: "4.5.4",
  500: "5.5.2",
  501: "5.5.4",
  502: "5.5.1",
  503: "5.5.1",
  504: "5.5.4",
  521: "5.3.2",
  530: "5.7.0",
  535: "5.7.8",
  550: "5.7.1",
  551: "5.1.6",
  552: "5.3.4",
  553: "5.1.3",
  555: "5.5.4",
  556: "5.1.10",
};

/** The default enhanced status code of a reply code; none for 3xx. */
export function defaultStatus(code: number): string | undefined {
  const severity = Math.floor(code / 100);
  return severity === 3 ? undefined : DEFAULTS[code] ?? `${severity}.0.0`;
}
