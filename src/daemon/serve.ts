/**
 * A server from its start to its end. What only root can do comes first, then root is given up, and only then
 * the operator's handlers are loaded.
 * @module
 */
import { messageOf } from "../base/message_of.ts";
import { onStrayErrors } from "../base/stray.ts";
import { within } from "../base/within.ts";
import { type Config, connectionsOf, printPlace } from "../config/mod.ts";
import { startChronicle } from "./chronicle.ts";
import { startDmarcReports } from "./dmarc_reports.ts";
import { trace } from "../handler/supervisor.ts";
import type { DropDirectory } from "../drop/drop_directory.ts";
import type { Log } from "../log/event.ts";
import { type OpenLog, openLog } from "../log/open.ts";
import { shareDescriptors } from "../net/descriptors.ts";
import type { Listen } from "../net/address.ts";
import { Listener } from "../net/listener.ts";
import { operatorsDesk } from "../queue/desk.ts";
import { Libcrypto } from "../signing/libcrypto.ts";
import { Memory } from "../message/memory.ts";
import { Server } from "../server/server.ts";
import { DiskStore } from "../store/disk_store.ts";
import { variablesFile } from "../store/table.ts";
import { HashThread } from "../auth/hash_thread.ts";
import { challengeListens, renew, startOrders } from "./acme.ts";
import { Control } from "./control.ts";
import { openDrop } from "./drop.ts";
import { listenForOperators } from "./control_socket.ts";
import { AS_ROOT, type Credentials, credentialsToTake, startedByRoot } from "./credentials.ts";
import { directoriesOf, makeDirectory, makeFile, parentsOf } from "./directory.ts";
import { Libc } from "./libc.ts";
import { launchOwn } from "./mailers.ts";
import { madeByRoot, refuseUnmet } from "./needs.ts";
import type { ServiceManager } from "./notify.ts";
import { refuseSecond, takePidFile } from "./pid_file.ts";
import { becomeUser } from "./ready.ts";
import { type RemoteLauncher, startLauncher } from "./remote_launch.ts";
import { placeOf, type Values } from "./fixed.ts";
import { Parts } from "./parts.ts";
import { Reloading } from "./reload.ts";
import { Shadows } from "./shadow.ts";
import { type Lasting, makeSetup } from "./setup.ts";
import { Trials } from "./trial.ts";
import { Watch } from "./watch.ts";
import { onSignals } from "./signals.ts";
import { openQueue } from "./queue.ts";
import { standingOf } from "./standing.ts";
import type { StartWatch } from "./start_watch.ts";

/** Milliseconds in which a server that is ended at once may say so in its log. */
const LAST_WORDS = 500;
/** The least umask: nothing that the server or a mailer makes is for everybody. */
const UMASK = 0o027;

/**
 * Runs a server and returns when it has stopped.
 *
 * @param watch learns what the start does, and ends when the server listens
 * @param manager is told how the server is
 * @param flags those of the command line, by which the configuration was read
 */
export async function serve(
  read: Config,
  watch: StartWatch,
  manager: ServiceManager,
  flags: unknown,
): Promise<void> {
  const credentials = credentialsToTake(read);
  Deno.umask(Deno.umask() | UMASK);
  await using opened = new AsyncDisposableStack();
  watch.step("listeners, directories and the pid file");
  if (read.pidFile !== undefined) refuseSecond(read.pidFile);
  const made = madeByRoot(read, credentials);
  if (credentials === undefined) refuseUnmet(read, made);
  const listeners = new Map<string, Listener[]>();
  opened.defer(() => listeners.values().forEach((all) => all.forEach((one) => one.close())));
  const { first: atOnce = [], then = [] } = Object.groupBy(read.listen, ({ address }) => {
    const isOthers = address.transport === "unix" && credentials !== undefined;
    return isOthers && !made.has(address.path) ? "then" : "first";
  });
  const open = async (listens: Config["listen"], owner?: Credentials) => {
    const opened = await listen(listens, owner);
    opened.forEach((listener, i) => {
      const place = placeOf(listens[i]!);
      listeners.set(place, [...listeners.get(place) ?? [], listener]);
    });
  };
  await open(atOnce, credentials);
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
  let reloading: Reloading | undefined;
  const opening = await openLog(config.log);
  const { log } = opening;
  opened.defer(() => opening.close());
  log("starting", { config: config.file ?? "none" });
  opened.use(onSignals({ SIGHUP: () => onHangup(config, opening, reloading) }));
  if (config.pidFile !== undefined) {
    watch.step(`the pid file ${config.pidFile}`);
    opened.use(await takePidFile(config.pidFile));
  }
  logUser(log, config, credentials);
  for (const { message, ...place } of config.warnings) {
    log("doubtful setting", { place: printPlace(place), hint: message });
  }
  const launch = launcher?.launch() ?? (credentials && launchOwn());
  const { limits, mailer, relay } = config;
  const programs = relay !== undefined && "command" in relay ? relay.concurrency : 0;
  const descriptors = shareDescriptors(
    mailer.concurrency + programs,
    connectionsOf(config.handlers),
  );
  const file = variablesFile(config.stateDirectory);
  watch.step(`the variables in ${file}`);
  const globals = opened.use(await DiskStore.start({ file, capacity: limits.variables, log }));
  const lasting: Lasting = {
    ...{ listeners, launch, library, globals, descriptors, log, parts: new Parts() },
    shadows: new Shadows(),
    send: (mail) => queue!.sendWritten(mail),
  };
  watch.step("the modules of handlers");
  const first = await makeSetup(config, lasting);
  const reloads = reloading = opened.use(new Reloading(first));
  opened.use(onStrayErrors((error) => log("stray error", { error: trace(error) })));
  const { setup } = first;
  const memory = new Memory(limits.messageMemory);
  if (config.queue !== undefined) watch.step(`the queue in ${config.queue.directory}`);
  const queue = await openQueue(config, { targets: setup.targets, memory, log }, opened);
  const dmarcReports = queue && startDmarcReports(config, { dns: setup.dns, queue, log }, opened);
  const record = startChronicle(config, log, opened);
  const operators = queue && (early ?? await listenForOperators(config, undefined));
  opened.defer(() => operators?.close());
  const signals = opened.use(stopSignals());
  const server = Server.start({
    ...setup,
    ...{ descriptors, globals, log, memory, queue, dmarcReports, record },
  });
  dmarcReports?.start();
  if (operators !== undefined) {
    const targets = () => reloads.current.setup.targets;
    const desk = operatorsDesk(queue!.desk, targets, () => queue!.trouble);
    const reload = () => reloads.reload("operator");
    const compare = (written: Values, fixed: Values) =>
      standingOf(reloads.current.config, written, fixed);
    opened.use(new Control(operators, { desk, reload, compare, log }));
  }
  const drop = openDrop(() => reloads.current.config, server, log);
  opened.use(drop);
  opened.use(renew(config, orders, authority, log));
  const trials = new Trials(flags);
  reloads.begin({ server, lasting, openLog: opening, manager, trials, made });
  opened.use(new Watch(reloads));
  watch[Symbol.dispose]();
  await runUntilStopped({ server, manager, launcher, drop }, signals);
}

/** Opens the log anew, for a logrotate that has moved it away, and reloads. */
async function onHangup(
  first: Config,
  { log, reopen }: OpenLog,
  reloading: Reloading | undefined,
): Promise<void> {
  const { log: { sinks: { file } } } = reloading?.current.config ?? first;
  try {
    await reopen();
    log("log reopened", { file });
  } catch (error) {
    log("log not reopened", { error: messageOf(error) });
  }
  await reloading?.reload("SIGHUP").catch(() => {}); // the log says why
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
  { server, manager, launcher, drop }: {
    readonly server: Server;
    readonly manager: ServiceManager;
    readonly launcher: RemoteLauncher | undefined;
    readonly drop: DropDirectory | undefined;
  },
  { first, second }: ReturnType<typeof stopSignals>,
): Promise<void> {
  launcher?.ended.then(() => first.resolve(LAUNCHER_ENDED));
  await manager.ready(`listening on ${server.addresses.join(", ")}`);
  const reason = await first.promise;
  drop?.stop();
  manager.stopping(`${reason}: waiting for ${server.connections} connections`);
  const stopped = server.stop(reason);
  await Promise.race([stopped, second.promise]);
  server.kill();
  await within(stopped, LAST_WORDS);
  if (reason === LAUNCHER_ENDED) throw new Error(reason);
}

/** Without the launcher hardly any mail can be delivered: a service manager may start the server again. */
const LAUNCHER_ENDED = "the launcher of mailers has ended";
