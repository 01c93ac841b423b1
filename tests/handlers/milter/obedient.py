"""A milter by the real libmilter, which does what a file of rules says and writes down what it is told.

    obedient.py SOCKET DIRECTORY

DIRECTORY/rules.json is read at each connection. It may have a verdict for each step ("mail": "reject"), for "rcpt" one
for each local part, "eom" with a list of changes, each a method and its arguments, "steps" and "actions" with the flags
that are wanted, and "macros" with the names that are wanted at each moment. DIRECTORY/told has a line of JSON for each step.
"""

import json
import sys
import time

import Milter

SOCKET, DIRECTORY = sys.argv[1:]
VERDICTS = {
    "accept": Milter.ACCEPT,
    "continue": Milter.CONTINUE,
    "discard": Milter.DISCARD,
    "noreply": Milter.NOREPLY,
    "reject": Milter.REJECT,
    "skip": Milter.SKIP,
    "tempfail": Milter.TEMPFAIL,
}
SILENT = {
    "connect": Milter.P_NR_CONN,
    "helo": Milter.P_NR_HELO,
    "mail": Milter.P_NR_MAIL,
    "rcpt": Milter.P_NR_RCPT,
    "data": Milter.P_NR_DATA,
    "header": Milter.P_NR_HDR,
    "eoh": Milter.P_NR_EOH,
    "body": Milter.P_NR_BODY,
    "unknown": Milter.P_NR_UNKN,
}
MACROS = [
    "i", "j", "_", "{daemon_name}", "{client_addr}", "{client_name}", "{tls_version}", "{cipher}", "{auth_authen}",
    "{auth_type}", "{mail_addr}", "{mail_host}", "{rcpt_addr}", "{rcpt_host}", "{rcpt_mailer}", "{extra}",
]


class Obedient(Milter.Base):
    def __init__(self):
        with open(DIRECTORY + "/rules.json") as file:
            self.rules = json.load(file)

    def negotiate(self, opts):
        self._actions = self.rules.get("actions", opts[0])
        offered = opts[1]
        self.steps = self.rules.get("steps", 0) & offered
        self.tell("negotiate", offered=[opts[0], offered])
        for moment, names in self.rules.get("macros", {}).items():
            self._ctx.setsymlist(int(moment), " ".join(names))
        opts[0] = self._actions
        opts[1] = self.steps
        opts[2] = opts[3] = 0
        return Milter.CONTINUE

    def tell(self, step, **more):
        macros = {name: value for name in MACROS if (value := self.getsymval(name)) is not None}
        with open(DIRECTORY + "/told", "a") as file:
            file.write(json.dumps({"step": step, **more, "macros": macros}) + "\n")

    def answer(self, step):
        return self.obey(step, self.rules.get(step))

    def obey(self, step, rule):
        if self.steps & SILENT.get(step, 0):
            return Milter.NOREPLY
        if isinstance(rule, list):
            self.setreply(*rule)
            return Milter.REJECT if rule[0].startswith("5") else Milter.TEMPFAIL
        return VERDICTS[rule or "continue"]

    def connect(self, hostname, family, hostaddr):
        self.tell("connect", host=hostname, family=family, address=hostaddr)
        return self.answer("connect")

    def hello(self, hostname):
        self.tell("helo", name=hostname)
        return self.answer("helo")

    def envfrom(self, f, *args):
        self.tell("mail", address=f, args=args)
        return self.answer("mail")

    def envrcpt(self, to, *args):
        self.tell("rcpt", address=to, args=args)
        rules = self.rules.get("rcpt", {})
        return self.obey("rcpt", rules.get(to.strip("<>").split("@")[0]))

    def data(self):
        self.tell("data")
        return self.answer("data")

    def header_bytes(self, name, value):
        self.tell("header", name=name, value=value.decode("latin1"))
        return self.answer("header")

    def eoh(self):
        self.tell("eoh")
        return self.answer("eoh")

    def body(self, chunk):
        self.tell("body", length=len(chunk), text=bytes(chunk[:200]).decode("latin1"))
        return self.answer("body")

    def unknown(self, cmd):
        self.tell("unknown", line=cmd)
        return self.answer("unknown")

    def eom(self):
        self.tell("eom")
        for method, *args in self.rules.get("eom", []):
            if method == "sleep":
                time.sleep(*args)
            elif method == "body":
                for _ in range(args[1]):
                    self.replacebody(args[0].encode("latin1"))
            else:
                getattr(self, method)(*args)
        return self.answer("end")

    def abort(self):
        self.tell("abort")
        return Milter.CONTINUE

    def close(self):
        self.tell("close")
        return Milter.CONTINUE


Milter.factory = Obedient
Milter.set_flags(Milter.CURR_ACTS)
Milter.runmilter("obedient", SOCKET, 60)
