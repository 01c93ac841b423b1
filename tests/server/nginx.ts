/**
 * An nginx of one's own.
 *
 * @module
 */
import { need, needFile } from "../need.ts";
import { Directory } from "../running.ts";
import { OwnProgram } from "./own_program.ts";

/** Spread into the definition of a test that starts an nginx. */
export const needNginx = (...programs: readonly string[]): { ignore: boolean } => ({
  ignore: need("nginx", ...programs).ignore ||
    needFile("/usr/lib/nginx/modules/ngx_mail_module.so", "apt-get install libnginx-mod-mail")
      .ignore,
});

/** Starts one with this configuration, and waits until it listens. */
export function startNginx(configuration: string): Promise<OwnProgram> {
  const directory = new Directory();
  const http = `http {\n  access_log off;\n`;
  const own = `daemon off;\npid ${directory.of("pid")};\nerror_log ${directory.of("log")};\n`;
  const file = directory.write("nginx.conf", own + configuration.replace("http {\n", http));
  return OwnProgram.start("nginx", ["-c", file], {
    directory,
    signal: "SIGTERM",
    isReady: () => directory.read("pid") || undefined,
    what: () => `nginx listens; its log: ${directory.read("log")}`,
  });
}
