// What the fake `claude` does under a real Node.js: the same as program.py, which explains the knobs.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { isatty } from "node:tty";

const args = process.argv.slice(2);
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("COVERAGE_")));

function say() {
  const said = {
    argv: args, env, cwd: process.cwd(), version: VERSION, runtime: "node", program: process.argv[1],
    pid: process.pid, tty: [0, 1, 2].map((stream) => isatty(stream)),
    node: process.versions.node, node_options: process.execArgv,
  };
  if (env.FAKE_STDIN) said.stdin = readFileSync(0, "utf8");
  if (env.FAKE_RUN) {
    const ran = spawnSync("sh", ["-c", env.FAKE_RUN], { stdio: ["inherit", "pipe", "inherit"] });
    said.ran = ran.stdout.toString();
    said.ran_status = ran.status;
  }
  const line = JSON.stringify(said);
  console.log(line);
  if (env.FAKE_OUT) writeFileSync(env.FAKE_OUT, line);
}

for (const name of (env.FAKE_TRAP ?? "").split(",").filter(Boolean)) {
  process.on("SIG" + name, () => {
    console.log(JSON.stringify({ signal: "SIG" + name }));
    process.exit(Number(env.FAKE_EXIT ?? 128 + constants.signals["SIG" + name]));
  });
}
if (args.includes("--version") || args.includes("-v")) console.log(VERSION + " (Claude Code)");
else say();
setTimeout(() => {
  if (env.FAKE_KILL) process.kill(process.pid, "SIG" + env.FAKE_KILL);
  else process.exitCode = Number(env.FAKE_EXIT ?? 0);
}, 1000 * Number(env.FAKE_SLEEP ?? 0));
