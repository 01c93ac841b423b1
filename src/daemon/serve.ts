/**
 * A server from its start to its end. What only root can do comes first, then root is given up, and only then
 * the operator's handlers are loaded.
 * @module
 */
import { tmpdir } from "node:os";
import { messageOf } from "../base/message_of.ts";
import { onStrayErrors } from "../base/stray.ts";
import { bareDomainOf, build, type Config, connectionsOf, printPlace } from "../config/mod.ts";
import { type Relaying, startRelaying } from "../config/relaying.ts";
import { startChronicle } from "./chronicle.ts";
import { startDmarcReports } from "./dmarc_reports.ts";
import { startLogins } from "../config/start_logins.ts";
import { CachingResolver } from "../dns/caching_resolver.ts";
import { trace } from "../handler/supervisor.ts";
import type { Log } from "../log/event.ts";
import { openLog } from "../log/open.ts";
import { shareDescriptors } from "../net/descriptors.ts";
import type { Listen } from "../net/address.ts";
import { Listener } from "../net/listener.ts";
import { operatorsDesk } from "../queue/desk.ts";
import type { ReportMail } from "../security/report/report_mail.ts";
import type { ListenerOptions } from "../server/listener_options.ts";
import { Libcrypto } from "../signing/libcrypto.ts";
import { Memory } from "../message/memory.ts";
import { Server } from "../server/server.ts";
import { DiskStore } from "../store/disk_store.ts";
import { variablesFile } from "../store/table.ts";
import { canEncrypt, Certificates } from "../tls/certificates.ts";
import { HashThread } from "../auth/hash_thread.ts";
import { acmeStoreOf, challengeListens, renew, startOrders } from "./acme.ts";
import { Control } from "./control.ts";
import { listenForOperators } from "./control_socket.ts";
import { AS_ROOT, type Credentials, credentialsToTake, startedByRoot } from "./credentials.ts";
import { directoriesOf, makeDirectory, makeFile, parentsOf } from "./directory.ts";
import { Libc } from "./libc.ts";
import { launchOwn } from "./mailers.ts";
import { madeByRoot, refuseUnmet } from "./needs.ts";
import { type ServiceManager, serviceManager } from "./notify.ts";
import { refuseSecond, takePidFile } from "./pid_file.ts";
import { becomeUser } from "./ready.ts";
import { type RemoteLauncher, startLauncher } from "./remote_launch.ts";
import { onSignals } from "./signals.ts";
import { openQueue } from "./queue.ts";
import type { StartWatch } from "./start_watch.ts";

/** The least umask: nothing that the server or a mailer makes is for everybody. */
const UMASK = 0o027;

/**
 * Runs a server and returns when it has stopped.
 *
 * @param watch learns what the start does, and ends when the server listens
 */
export async function serve(read: Config, watch: StartWatch): Promise<void> {
  const credentials = credentialsToTake(read);
  Deno.umask(Deno.umask() | UMASK);
  await using opened = new AsyncDisposableStack();
  watch.step("listeners, directories and the pid file");
  const manager = opened.use(serviceManager());
  if (read.pidFile !== undefined) refuseSecond(read.pidFile);
  const made = madeByRoot(read, credentials);
  if (credentials === undefined) refuseUnmet(read, made);
  const listeners = new Map<Listener, ListenerOptions>();
  opened.defer(() => listeners.keys().forEach((listener) => listener.close()));
  const { first = [], then = [] } = Object.groupBy(read.listen, ({ address }) => {
    const isOthers = address.transport === "unix" && credentials !== undefined;
    return isOthers && !made.has(address.path) ? "then" : "first";
  });
  const open = async (listens: Config["listen"], owner?: Credentials) => {
    const opened = await listen(listens, owner);
    opened.forEach((listener, i) => listeners.set(listener, listens[i]!));
  };
  await open(first, credentials);
  const [authority] = await listen(challengeListens(read), credentials);
  opened.defer(() => authority?.close());
  const early = made.has(read.control.socket)
    ? await listenForOperators(read, credentials)
    : undefined;
  opened.defer(() => early?.close());
  const launcher = opened.use(await startLauncher(read, credentials));
  if (credentials !== undefined) prepare(read, credentials);
  const orders = opened.use(await startOrders(read));
  if (credentials !== undefined && read.auth?.passwords?.file !== undefined) {
    await HashThread.prepare();
  }
  const signs = read.dkimSign !== undefined || read.arcSeal !== undefined;
  const library = signs ? Libcrypto.open() : undefined; // later, nothing can be opened
  watch.step("what the configuration names, as the server's user");
  const config = await becomeUser(read, credentials, made);
  prepare(config, undefined);
  await open(then);

  watch.step(`the log${config.log.sinks.file === undefined ? "" : ` ${config.log.sinks.file}`}`);
  const { log, reopen, close } = await openLog(config.log);
  opened.defer(close);
  log("starting", { config: config.file ?? "none" });
  opened.use(onSignals({ SIGHUP: () => reopenLog(config, log, reopen) }));
  if (config.pidFile !== undefined) {
    watch.step(`the pid file ${config.pidFile}`);
    opened.use(await takePidFile(config.pidFile));
  }
  logUser(log, config, credentials);
  for (const { message, ...place } of config.warnings) {
    log("doubtful setting", { place: printPlace(place), hint: message });
  }
  const launch = launcher?.launch() ?? (credentials && launchOwn());
  watch.step("the modules of handlers");
  let relaying: Relaying | undefined;
  const { policy, targets } = await build(config, launch, () => relaying!.sender);
  opened.use(onStrayErrors((error) => log("stray error", { error: trace(error) })));
  const { hostname, limits, tolerate: tolerated, spoolDirectory = tmpdir() } = config;
  const file = variablesFile(config.stateDirectory);
  watch.step(`the variables in ${file}`);
  const globals = opened.use(await DiskStore.start({ file, capacity: limits.variables, log }));
  const { mailer, relay } = config;
  const programs = relay !== undefined && "command" in relay ? relay.concurrency : 0;
  const mailers = mailer.concurrency + programs;
  const descriptors = shareDescriptors(mailers, connectionsOf(config.handlers));
  const dns = new CachingResolver({ ...config.dns, questions: descriptors.questions });
  const tls = canEncrypt ? config.tls : undefined;
  const awaited = acmeStoreOf(config)?.files;
  const secure = tls && opened.use(new Certificates({ ...tls, awaited }, hostname, log));
  const { authentication } = config;
  if (authentication !== undefined) {
    opened.use(authentication).start?.(config.stateDirectory, log);
  }
  opened.use(startLogins(relay, config.stateDirectory, log));
  const sendReport = (mail: ReportMail) => queue!.sendWritten(mail);
  if (relay !== undefined && !("command" in relay)) {
    const sending = { dns, globals, log, library, send: sendReport };
    relaying = opened.use(startRelaying(config, relay, sending));
  }
  const submission = {
    domain: bareDomainOf(config),
    hidesClient: config.submission.hideClient,
  };
  const memory = new Memory(limits.messageMemory);
  if (config.queue !== undefined) watch.step(`the queue in ${config.queue.directory}`);
  const queue = await openQueue(config, { targets, memory, log }, opened);
  const dmarcReports = queue && startDmarcReports(config, { dns, queue, log }, opened);
  const record = startChronicle(config, log, opened);
  const operators = queue && (early ?? await listenForOperators(config, undefined));
  opened.defer(() => operators?.close());
  const signals = opened.use(stopSignals());
  const server = Server.start({
    ...{ hostname, listeners, limits, tolerated, descriptors, spoolDirectory },
    ...{ policy, targets, globals, dns, log, secure, authentication, submission, memory },
    ...{ queue, deliver: config.deliver, requireTls: relaying !== undefined },
    ...{ authservId: config.authservId, dmarcReports, record },
  });
  dmarcReports?.start();
  if (operators !== undefined) {
    const desk = operatorsDesk(queue!.desk, () => targets, () => queue!.trouble);
    opened.use(new Control(operators, desk, log));
  }
  opened.use(renew(config, orders, authority, log));
  watch[Symbol.dispose]();
  await runUntilStopped(server, manager, launcher, signals);
}

async function reopenLog(config: Config, log: Log, reopen: () => Promise<void>): Promise<void> {
  try {
    await reopen();
    log("log reopened", { file: config.log.sinks.file });
  } catch (error) {
    log("log not reopened", { error: messageOf(error) });
  }
}

/**
 * Opens listeners. Unix sockets become the owner's. Sockets that were handed over are closed in the programs that the
 * server runs.
 */
async function listen(
  listens: readonly Listen[],
  owner?: Credentials,
): Promise<readonly Listener[]> {
  const listeners = await Listener.openAll(listens);
  const addresses = listens.map(({ address }) => address);
  for (const address of addresses) {
    if (owner !== undefined && address.transport === "unix") {
      Deno.chownSync(address.path, owner.uid, owner.gid);
    }
  }
  const handed = addresses.filter((address) => address.transport === "fd");
  if (handed.length === 0) return listeners;
  using libc = Libc.open("a socket that was handed over");
  for (const { fd } of handed) libc.closeOnExec(fd);
  for (const name of ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"]) Deno.env.delete(name);
  return listeners;
}

/**
 * Makes the directories and the log that are missing: as root for their owner, where that is safe; then as the owner.
 * None of them is open while the process is root.
 */
function prepare(config: Config, owner: Credentials | undefined): void {
  const { file } = config.log.sinks;
  for (const directory of [...parentsOf(config), ...directoriesOf(config)]) {
    makeDirectory(directory, owner);
  }
  if (owner !== undefined && file !== undefined) makeFile(file, 0o640, owner);
}

function logUser(log: Log, config: Config, credentials: Credentials | undefined): void {
  if (credentials !== undefined) {
    const { account, uid, groups } = credentials;
    log("gave up root", { user: account?.name ?? String(uid), groups: groups.map(String) });
  } else if (startedByRoot() && !config.handlersAsRoot) {
    log("runs as root", { hint: AS_ROOT });
  }
}

/** The signals that stop a server. The server listens for them before it says that it has started. */
function stopSignals() {
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<void>();
  let signals = 0;
  const act = (signal: string) => () => ++signals === 1 ? first.resolve(signal) : second.resolve();
  return { first, second, ...onSignals({ SIGTERM: act("SIGTERM"), SIGINT: act("SIGINT") }) };
}

/** The first signal stops the server, a second one ends it at once. Throws if its launcher ends before. */
async function runUntilStopped(
  server: Server,
  manager: ServiceManager,
  launcher: RemoteLauncher | undefined,
  { first, second }: ReturnType<typeof stopSignals>,
): Promise<void> {
  launcher?.ended.then(() => first.resolve(LAUNCHER_ENDED));
  await manager.ready(`listening on ${server.addresses.join(", ")}`);
  const reason = await first.promise;
  manager.stopping(`${reason}: waiting for ${server.connections} connections`);
  await Promise.race([server.stop(reason), second.promise]);
  server.kill();
  if (reason === LAUNCHER_ENDED) throw new Error(reason);
}

/** Without the launcher hardly any mail can be delivered: a service manager may start the server again. */
const LAUNCHER_ENDED = "the launcher of mailers has ended";
