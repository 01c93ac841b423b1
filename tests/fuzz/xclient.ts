/**
 * What another server says of its client, by XCLIENT and XFORWARD of Postfix.
 * @module
 */
import { isIPv4, isIPv6 } from "node:net";

/** A client that another server names. */
export interface Named {
  readonly address?: string | undefined;
  readonly helo?: string | undefined;
  readonly protocol?: string | undefined;
  readonly login?: string | undefined;
}

const XCLIENT = ["NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN"];
const OF_XCLIENT = ["DESTADDR", "DESTPORT", "REVERSE_NAME"];
const OF_XFORWARD = ["IDENT", "SOURCE"];

/** Reads what stands behind the verb; `undefined` if it is wrong. */
export function readNamed(verb: "XCLIENT" | "XFORWARD", argument: string): Named | undefined {
  const known = verb === "XCLIENT"
    ? [...XCLIENT, ...OF_XCLIENT]
    : [...XCLIENT.slice(0, -1), ...OF_XFORWARD];
  const said = new Map<string, string>();
  for (const word of argument.split(/ +/)) {
    const [, attribute = "", value = ""] = /^([^=]+)=(.*)$/.exec(word) ?? [];
    const name = attribute.toUpperCase();
    if (!known.includes(name)) return undefined;
    if (/^(?:|\[UNAVAILABLE\]|\[TEMPUNAVAIL\])$/i.test(value)) continue;
    if (!/^(?:[^+]|\+[0-9A-F]{2})*$/i.test(value)) return undefined;
    const text = value.replace(/\+(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    if (isWrong(name, text)) return undefined;
    said.set(name, text);
  }
  return {
    address: said.get("ADDR")?.replace(/^IPV6:/i, ""),
    helo: said.get("HELO"),
    protocol: said.get("PROTO"),
    login: said.get("LOGIN"),
  };
}

function isWrong(name: string, text: string): boolean {
  if (/ADDR$/.test(name)) {
    const address = text.replace(/^IPV6:/i, "");
    return !isIPv4(address) && (!isIPv6(address) || address.includes("%"));
  }
  if (/PORT$/.test(name)) {
    return !/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 65535;
  }
  return name === "SOURCE" && !/^(?:LOCAL|REMOTE)$/i.test(text);
}

/** A loopback address stands for the server that names it. */
export const isLoopback = (address: string): boolean =>
  address.startsWith("127.") || /^(?:0*:)*:?0*1$/.test(address);
