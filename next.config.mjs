/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  reactStrictMode: true,
  transpilePackages: ["@meshwright/proxy"],
  serverExternalPackages: ["@prisma/client", "@prisma/adapter-pg", "pg", "pino", "@grpc/grpc-js"],
  experimental: { optimizePackageImports: ["@mantine/core", "@mantine/hooks", "@tabler/icons-react"] },
  typescript: { ignoreBuildErrors: true },
};
