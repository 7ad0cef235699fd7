// A plugin of esbuild: makes the generated protobuf files cheap to load. protobuf-es hydrates each file with a registry into which
// it puts every file that can be reached, over every path that leads there; for Envoy's 150 files that is most of the time that a
// sidecar needs to start. A file only ever looks up types of what it imports itself, and of their public imports.
// The rule: it changes exactly one line of one file. When that line is not there any more, the build fails and says so.
import fs from "node:fs";

const REGISTRY = /@bufbuild[/\\]protobuf[/\\]dist[/\\](esm|cjs)[/\\]registry\.js$/;
const WITH_ALL_REACHABLE = "registry.addFile(dep, false, true);";
const WITH_PUBLIC_IMPORTS = `(function add(file) {
                    if (registry.getFile(file.proto.name) !== undefined) return;
                    registry.addFile(file);
                    for (const index of file.proto.publicDependency) add(file.dependencies[index]);
                })(dep);`;

export const protobufPlugin = {
  name: "protobuf-imports-only",
  setup(build) {
    build.onLoad({ filter: REGISTRY }, ({ path }) => {
      const source = fs.readFileSync(path, "utf8");
      const parts = source.split(WITH_ALL_REACHABLE);
      if (parts.length !== 2) {
        return {
          errors: [
            {
              text: `${path} is not what lib/start/protobuf-plugin.mjs was written for: compare it with the version of @bufbuild/protobuf it names, then adapt or remove the plugin.`,
            },
          ],
        };
      }
      return { contents: parts.join(WITH_PUBLIC_IMPORTS), loader: "js" };
    });
  },
};
