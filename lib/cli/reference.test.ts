import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { COMMANDS } from "./run";
import { runCli } from "./testing/run-cli";

const page = new URL("../../docs/reference/cli.md", import.meta.url);

test("docs/reference/cli.md has the help of every command (refresh it with vitest --update)", async () => {
  const sections = await Promise.all(
    COMMANDS.map(async ({ name }) => {
      const { out } = await runCli([name, "--help"], { cwd: "." });
      return `## ${name}\n\n\`\`\`text\n${out.trim()}\n\`\`\`\n`;
    }),
  );
  const text = `# The command line\n\n${ABOUT}\n\n${sections.join("\n")}`;
  await expect(text).toMatchFileSnapshot(page.pathname);
  expect(readFileSync(page, "utf8")).toContain("## validate");
});

const ABOUT = `\`meshwright COMMAND\`, from \`npm ci && npm run build\`: \`npx meshwright\` in the clone, or \`npm link\`. A design is one file, several, or a folder of YAML or JSON; \`-\` is standard
input. With \`--dialect PRODUCT\` the files are that product's own manifests, services and workloads beside them: they are read as one world with the product's defaults
(who nothing restricts may call; plain text is taken), and what a design cannot say is told on standard error, or as \`warnings\` with \`--json\`.

Exit codes of every command: 0 fine, 1 bad news about the design (violations, findings, differences, conflicts, calls that are not answered), 2 wrong use, 3 the server.
\`--json\` prints one object; \`meshwright schema NAME\` prints its JSON Schema. In a pipeline: [ci.md](ci.md).

This page is made from the help of the commands.`;
