-- Findings whose risk somebody accepted for a time.

CREATE TABLE "AcceptedRisk" (
    "meshId" TEXT NOT NULL,
    "findingId" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "acceptedById" TEXT,
    "acceptedByName" TEXT NOT NULL,
    "acceptedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "AcceptedRisk_pkey" PRIMARY KEY ("meshId", "findingId")
);
ALTER TABLE "AcceptedRisk" ADD CONSTRAINT "AcceptedRisk_meshId_fkey" FOREIGN KEY ("meshId") REFERENCES "Mesh"("id") ON DELETE CASCADE ON UPDATE CASCADE;
