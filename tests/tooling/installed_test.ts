/**
 * The Debian package in a copy of this machine: its files are in memory, its processes and network apart.
 *
 * @module
 */
import assert from "node:assert/strict";
import { makePackages } from "../../src/tooling/package/package.ts";
import { need, needOwnMounts } from "../need.ts";
import { COMPILED, Directory, run } from "../running.ts";

/** Makes the copy, `$root`, in an own namespace of mounts, processes and network. */
const COPY = `
set -e
mount -t tmpfs tmpfs "$dir/copy"
mkdir "$dir/copy/upper" "$dir/copy/work" "$dir/copy/root"
root=$dir/copy/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$dir/copy/upper,workdir=$dir/copy/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
ip link set lo up
`;

/** What systemd would do, as far as the package needs it. */
const INVOKE = `#!/bin/sh
echo "asked to $*" >&2
unit=/usr/lib/systemd/system/postmaster.service
if [ "$1" != start ] && [ -e /run/server ]; then
  kill "$(cat /run/server)"
  while [ -e "/proc/$(cat /run/server)" ]; do sleep 0.1; done
  rm /run/server
fi
[ "$1" != stop ] || exit 0
[ -e "$(sed -n s/^ConditionPathExists=//p $unit)" ] || exit 0
setpriv --reuid postmaster --regid postmaster --init-groups \\
  --inh-caps +net_bind_service --ambient-caps +net_bind_service \\
  $(sed -n s/^ExecStart=//p $unit) </dev/null >>/run/said 2>&1 &
echo $! >/run/server
while ! nc -z 127.0.0.1 25 && [ -e "/proc/$!" ]; do sleep 0.1; done
`;

/** The real one links units, also where no systemd runs. */
const SYSTEMCTL = `#!/bin/sh
case "$*" in *daemon-reload) ;; *) exec /bin/systemctl "$@" ;; esac
`;

const CONFIGURATION = `
hostname: mx.example.net
listen: 127.0.0.1:25
domains: [example.net]
users: [you]
postmaster: you
mailer: { command: [tee, -a, /var/lib/postmaster/mail] }
state-directory: /var/lib/postmaster
log: { file: /var/log/postmaster/postmaster.log }
`;

/** Installs, runs, upgrades and removes; prints what is asked for with a name before it. */
const LIFE = `
in_copy() { PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" "$@"; }
tell() { echo "== $1"; shift; in_copy "$@" 2>&1 || echo "failed: $?"; }
mail() { in_copy swaks --server 127.0.0.1:25 --to you@example.net --body "$1" >/dev/null; }
install -m 755 "$dir/deb-systemd-invoke" "$dir/systemctl" "$root/usr/local/bin/"
mkdir -p "$root/run/systemd/system"

rm -rf "$root/var/spool/postmaster-drop"
PLACES='/etc /var/lib /var/log /usr/bin /usr/lib/systemd /usr/share/man'
tell before find $PLACES -name '*postmaster*'
tell install dpkg --install "$dir/1/$deb1"
tell verify dpkg --verify postmaster
tell user getent passwd postmaster
tell directories stat -c '%U:%G %a %n' /etc/postmaster /var/lib/postmaster /var/log/postmaster
tell enabled readlink /etc/systemd/system/multi-user.target.wants/postmaster.service
tell manual man --where postmaster-queue

cp "$dir/postmaster.yaml" "$root/etc/postmaster/"
tell start deb-systemd-invoke start postmaster.service
mail first
tell owner stat -c %U /proc/"$(cat "$root/run/server")"

echo '# mine' >>"$root/etc/logrotate.d/postmaster"
until [ -s "$root/var/log/postmaster/postmaster.log" ]; do sleep 0.1; done # lines are written together
tell rotate logrotate --force --state /run/rotated /etc/logrotate.d/postmaster
mail second

tell mta apt-get install --yes --quiet "$dir/1/$mta" # unlike dpkg, it removes another mail server
tell others sh -c 'dpkg --status postfix | grep ^Status:'
# As in a shell that root has given to another user.
install -d -m 700 "$root/run/closed" "$root/run/closed/below"
tell hello sh -c 'cd /run/closed/below; printf "Subject: x\\n\\nleft\\n" | setpriv --reuid nobody --regid nogroup --clear-groups sendmail you@example.net'
echo 'drop: {}' >>"$root/etc/postmaster/postmaster.yaml"
tell again dpkg --install "$dir/1/$mta"
tell restart deb-systemd-invoke restart postmaster.service
until grep -qs '^left' "$root/var/lib/postmaster/mail"; do sleep 0.1; done
tell mailq mailq
tell mta-manual man --where mailq

tell upgrade dpkg --install "$dir/2/$deb2"
mail third
until grep -q '^third' "$root/var/lib/postmaster/mail"; do sleep 0.1; done
tell logs sh -c 'cd /var/log/postmaster && stat -c "%U:%G %a %n" *'
tell log cat /var/log/postmaster/postmaster.log
tell kept tail -n 1 /etc/logrotate.d/postmaster
tell mail cat /var/lib/postmaster/mail

echo 'hostnam: x' >>"$root/etc/postmaster/postmaster.yaml"
tell mistake dpkg --install "$dir/2/$deb2"
tell alive nc -z 127.0.0.1 25

tell leave dpkg --purge --force-depends postmaster-mta # programs such as mail want one of these
tell remove dpkg --remove postmaster
tell stopped test ! -e /run/server
tell left ls /etc/postmaster /usr/bin/postmaster
tell purge dpkg --purge postmaster
tell after find $PLACES -name '*postmaster*'
tell audit dpkg --audit
`;

/** Starts the program where there is nothing but users and the libraries that it names. */
const BARE = `
set -e
for file in /etc/passwd "$program" $(ldd "$program" | grep -o '/[^ ]*'); do install -D "$file" "$dir/bare$file"; done
mkdir "$dir/bare/proc"
mount -t proc proc "$dir/bare/proc"
chroot "$dir/bare" "$program" check
`;

if (COMPILED === undefined) {
  console.warn("skipped: tests of the package need a compiled program, which POSTMASTER names");
}

/** Runs a script in namespaces of its own, for three minutes at most. */
const apart = (script: string, variables: Readonly<Record<string, string>>) =>
  run("timeout", [
    ...["180", "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "env"],
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ...["sh", "-c", script],
  ]);

const needed = () => ({
  ignore: COMPILED === undefined || needOwnMounts().ignore ||
    need("dpkg", "swaks", "nc", "logrotate", "man", "setpriv", "ip", "ldd", "adduser").ignore,
});

Deno.test({
  name: "the package is installed, runs, is upgraded, removed and purged",
  ...needed(),
  async fn() {
    using directory = new Directory();
    const make = (version: string, output: string) =>
      makePackages({
        executable: Deno.readFileSync(COMPILED!),
        licences: "",
        version,
        maintainer: "Joe <joe@example.net>",
      }, directory.of(output));
    const packages = [...await make("0.1.0", "1"), ...await make("0.1.1", "2")];
    directory.write("postmaster.yaml", CONFIGURATION);
    directory.write("deb-systemd-invoke", INVOKE);
    directory.write("systemctl", SYSTEMCTL);
    Deno.mkdirSync(directory.of("copy"));
    const [deb1, mta, deb2] = packages.map((file) => file.slice(file.lastIndexOf("/") + 1));
    const variables = { dir: directory.path, deb1: deb1!, mta: mta!, deb2: deb2! };
    const { code, stdout, stderr } = await apart(COPY + LIFE, variables);
    assert.equal(code, 0, stdout + stderr);
    const told = Object.fromEntries(
      stdout.split(/^== /m).slice(1).map((part) => {
        const [name, ...lines] = part.split("\n");
        return [name!, lines.join("\n")];
      }),
    );
    assert.match(told["install"]!, /not started: write a configuration first/);
    assert.doesNotMatch(told["install"]!, /asked to|failed/);
    assert.equal(told["verify"], "");
    assert.match(told["user"]!, /:\/var\/lib\/postmaster:\/usr\/sbin\/nologin$/m);
    assert.deepEqual(told["directories"]!.trim().split("\n"), [
      "root:root 755 /etc/postmaster",
      "postmaster:postmaster 750 /var/lib/postmaster",
      "postmaster:adm 2750 /var/log/postmaster",
    ]);
    assert.match(told["enabled"]!, /^(\/usr)?\/lib\/systemd\/system\/postmaster\.service$/m);
    assert.match(told["manual"]!, /^\/usr\/share\/man\/man8\/postmaster-queue\.8\.gz$/m);
    assert.equal(told["owner"], "postmaster\n");
    assert.equal(told["rotate"], "");
    assert.match(told["logs"]!, /^postmaster:adm 640 postmaster\.log$/m);
    assert.match(told["logs"]!, / postmaster\.log\.1$/m);
    assert.match(told["log"]!, / peer=127\.0\.0\.1 /);
    assert.match(told["upgrade"]!, /asked to restart postmaster\.service/);
    assert.equal(told["kept"], "# mine\n");
    assert.deepEqual(told["mail"]!.match(/^(first|second|left|third)/gm), [
      "first",
      "second",
      "left",
      "third",
    ]);
    assert.match(told["mta"]!, /fault: drop: programs leave .* this server does not take it/);
    assert.doesNotMatch(told["mta"]!, /failed/);
    assert.doesNotMatch(told["others"]!, /installed$/m);
    assert.equal(told["hello"], "");
    assert.doesNotMatch(told["again"]!, /fault|failed/);
    assert.equal(told["mailq"], "Mail queue is empty\n");
    assert.match(told["mta-manual"]!, /postmaster-sendmail\.8\.gz$/m);
    assert.doesNotMatch(told["leave"]!, /failed/);
    assert.match(told["mistake"]!, /postmaster\.yaml:11:1: .*hostnam[^]*not started: mend this/);
    assert.doesNotMatch(told["mistake"]!, /asked to|failed/);
    assert.equal(told["alive"], "");
    assert.match(told["remove"]!, /asked to stop postmaster\.service/);
    assert.equal(told["stopped"], "");
    assert.match(told["left"]!, /^postmaster\.yaml$/m);
    assert.match(told["left"]!, /cannot access '\/usr\/bin\/postmaster'/);
    assert.doesNotMatch(told["purge"]!, /failed/);
    assert.equal(told["audit"], "");
    assert.equal(told["after"], told["before"]);
  },
});

Deno.test({
  name: "the program needs nothing but the libraries of a minimal image",
  ...needed(),
  async fn() {
    using directory = new Directory();
    const { code, stderr } = await apart(BARE, { dir: directory.path, program: COMPILED! });
    assert.deepEqual([code, stderr], [0, ""]);
  },
});
