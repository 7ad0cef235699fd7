import type { BuildOptions } from "esbuild";

export function bundleOptions(source: string, outfile: string): BuildOptions;

export function bundleProxy(outfile: string): Promise<void>;
