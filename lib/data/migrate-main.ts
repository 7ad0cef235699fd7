// `dist/migrate.mjs`: brings the database to this version and makes what a first start needs. Safe to run at every start.
//   node dist/migrate.mjs                          migrate, seed, links for people who never signed in
//   node dist/migrate.mjs --bring-back-demo        the same, and the demo again if it was deleted
//   node dist/migrate.mjs --sign-in-link [EMAIL]   a fresh one-time link for that person (default: the administrator)
// The rule: stdout ends with one line of JSON, {"applied": [...], "signInLinks": [{email, role, url}], "demo": is it there}; problems go to stderr, exit code 1.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { readEnv } from "@/lib/env";
import { openDatabase } from "./client";
import { findMigrationsFolder, migrate, readMigrations } from "./migrations";
import { seedDemo, seedEmpty } from "./seed/design";
import { DEFAULT_LINK_EMAIL, linkFor, linksForNewcomers, seedBootstrapToken, seedPeople } from "./seed/people";

async function run(args: readonly string[]): Promise<void> {
  const env = readEnv();
  const webUrl = env.MESHWRIGHT_WEB_URL ?? `http://localhost:${env.MESHWRIGHT_WEB_PORT ?? 3000}`;
  const folder = findMigrationsFolder(path.dirname(fileURLToPath(import.meta.url)));
  const applied = await migrate(env.DATABASE_URL, readMigrations(folder));
  const database = openDatabase({ url: env.DATABASE_URL, poolSize: 2 });
  try {
    await seedPeople(database, { demo: env.MESHWRIGHT_DEMO });
    const ports = { gatewayPort: env.MESHWRIGHT_DEMO_GATEWAY_PORT, externalPort: env.MESHWRIGHT_DEMO_EXTERNAL_PORT };
    const demo =
      env.MESHWRIGHT_DEMO && (await seedDemo(database, ports, { isAskedFor: args.includes("--bring-back-demo") }));
    if (!env.MESHWRIGHT_DEMO) await seedEmpty(database);
    if (env.MESHWRIGHT_BOOTSTRAP_TOKEN) await seedBootstrapToken(database, env.MESHWRIGHT_BOOTSTRAP_TOKEN);
    const asked = args.indexOf("--sign-in-link");
    const signInLinks =
      asked >= 0
        ? [await linkFor(database, args[asked + 1] ?? DEFAULT_LINK_EMAIL, webUrl)]
        : await linksForNewcomers(database, webUrl);
    process.stdout.write(`${JSON.stringify({ applied, signInLinks, demo })}\n`);
  } finally {
    await database.$disconnect();
  }
}

run(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
