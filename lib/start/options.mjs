// The options of `npm start`.
import { isIP } from "node:net";
import path from "node:path";

export const DEFAULT_PORT = 3000;

export const HELP = `npm start -- [options]

  --port N             web port (default ${DEFAULT_PORT})
  --home DIR           folder of all state (default .meshwright)
  --no-demo            start with an empty mesh instead of the demo shop
  --demo               bring the demo shop back after it was deleted
  --mesh-address IP    address of this machine at which other machines join the mesh
                       and reach its sidecars (default: loopback, none can)
  --detach             keep running after the terminal closes; returns when it is ready
  --stop               end the running Meshwright of this home
  --sign-in-link [EMAIL]  print a one-time sign-in link (default: the administrator);
                       asks the running Meshwright of this home, or starts it
  --reset              delete all state of this home first; asks, unless --yes is given
  --yes                answer yes to what --reset asks
  --json               one JSON object per line instead of text
  --help               this text`;

/** The command for the same installation: one in another folder is found by its folder only. */
export function commandFor(words, home, workingFolder) {
  const given = /^[\w./-]+$/.test(home) ? home : `'${home.replaceAll("'", "'\\''")}'`;
  return `npm start -- ${words}${home === path.resolve(workingFolder, ".meshwright") ? "" : ` --home ${given}`}`;
}

/** @returns {{ options?: object, problems: string[] }} */
export function parseOptions(argv, workingFolder) {
  const options = {
    port: DEFAULT_PORT,
    home: undefined,
    meshAddress: undefined,
    demo: true,
    bringBackDemo: false,
    reset: false,
    yes: false,
    json: false,
    help: false,
    detach: false,
    stop: false,
    signInLink: undefined,
  };
  const problems = [];
  for (let i = 0; i < argv.length; i += 1) {
    const [name, inline] = argv[i].split(/=(.*)/s, 2);
    const next = () => {
      if (inline !== undefined) return inline;
      if (argv[i + 1] === undefined || argv[i + 1].startsWith("--")) return undefined;
      i += 1;
      return argv[i];
    };
    if (name === "--port") {
      const text = next();
      options.port = Number(text);
      if (!Number.isInteger(options.port) || options.port < 1 || options.port > 65_535) {
        problems.push(`--port needs a number from 1 to 65535, not ${text === undefined ? "nothing" : `"${text}"`}`);
      }
    } else if (name === "--home") {
      options.home = next();
      if (!options.home) problems.push("--home needs a folder");
    } else if (name === "--mesh-address") {
      options.meshAddress = next();
      if (isIP(options.meshAddress ?? "") === 0 || /^(0\.0\.0\.0|::)$/.test(options.meshAddress))
        problems.push("--mesh-address needs one IP address of this machine");
    } else if (name === "--sign-in-link") options.signInLink = next() ?? "";
    else if (name === "--no-demo") options.demo = false;
    else if (name === "--demo") options.bringBackDemo = true;
    else if (name === "--reset") options.reset = true;
    else if (name === "--yes") options.yes = true;
    else if (name === "--detach") options.detach = true;
    else if (name === "--stop") options.stop = true;
    else if (name === "--json") options.json = true;
    else if (name === "--help" || name === "-h") options.help = true;
    else problems.push(`there is no option ${argv[i]}`);
  }
  if (options.bringBackDemo && !options.demo) problems.push("--demo and --no-demo exclude each other");
  options.home = path.resolve(workingFolder, options.home ?? ".meshwright");
  return { options, problems };
}
