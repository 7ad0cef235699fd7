-- Proxies of machines that join by themselves, and the tokens that let them in.
ALTER TABLE "Proxy" ADD COLUMN "origin" TEXT NOT NULL DEFAULT 'agent';
ALTER TABLE "Proxy" ADD CONSTRAINT "Proxy_origin_known" CHECK ("origin" IN ('agent', 'joined'));

CREATE TABLE "WorkloadJoinToken" (
    "id" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "environmentId" TEXT NOT NULL,
    "namespace" TEXT NOT NULL,
    "workload" TEXT NOT NULL,
    "createdById" TEXT,
    "createdByName" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "usedAt" TIMESTAMPTZ(3),
    "withdrawnAt" TIMESTAMPTZ(3),
    "proxyKey" TEXT,

    CONSTRAINT "WorkloadJoinToken_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "WorkloadJoinToken_hash_key" ON "WorkloadJoinToken"("hash");
CREATE INDEX "WorkloadJoinToken_environmentId_createdAt_idx" ON "WorkloadJoinToken"("environmentId", "createdAt");
ALTER TABLE "WorkloadJoinToken" ADD CONSTRAINT "WorkloadJoinToken_environmentId_fkey" FOREIGN KEY ("environmentId") REFERENCES "Environment"("id") ON DELETE CASCADE ON UPDATE CASCADE;
