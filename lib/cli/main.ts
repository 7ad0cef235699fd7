// Entry of the command line tool. Everything else is in run.ts and takes what it touches as an argument.
import { run } from "./run";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // `meshwright ... | head` closes the pipe: that is no failure
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  note: (text) => process.stderr.write(text),
  env: process.env,
  cwd: process.cwd(),
  readStdin,
  fetch,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  now: Date.now,
});
