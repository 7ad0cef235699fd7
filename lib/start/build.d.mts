import type { BuildOptions } from "esbuild";

export function bundleOptions(source: string, outfile: string): BuildOptions;
