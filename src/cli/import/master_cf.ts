/**
 * Postfix's master.cf: which of its services are for the mail of users.
 * @module
 */
import { logicalLines } from "./main_cf.ts";

/** A listener of ours. */
export interface UserListener {
  readonly address: string;
  readonly kind: "submission" | "submissions";
  /** The service, as it is named. */
  readonly service: string;
  /** Whether the service lets users log in, whatever main.cf says. */
  readonly logsIn: boolean;
}

const PORTS: Readonly<Record<string, number>> = {
  submission: 587,
  submissions: 465,
  smtps: 465,
};

/** The listeners at which users have their mail sent: those of smtpd on 587 and 465, and with TLS from the first octet. */
export function userListeners(text: string): readonly UserListener[] {
  return logicalLines(text).flatMap(({ text: line }) => {
    const [service = "", type, , , , , , command, ...options] = line.split(/\s+/);
    if (type !== "inet" || command !== "smtpd") return [];
    const [, host = "*", name = ""] = /^(?:(.*):)?(\w+)$/.exec(service) ?? [];
    const port = PORTS[name] ?? Number(name);
    const isWrapped = options.some((one) => /^smtpd_tls_wrappermode=yes$/.test(one));
    if (port !== 587 && port !== 465 && !isWrapped) return [];
    const kind = isWrapped || port === 465 ? "submissions" : "submission";
    const logsIn = options.includes("smtpd_sasl_auth_enable=yes");
    return [{ address: `${host}:${port}`, kind, service, logsIn } as const];
  });
}
