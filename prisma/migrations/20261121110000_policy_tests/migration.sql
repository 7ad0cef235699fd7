-- Policy tests: questions to the simulator whose answers a team has written down.

CREATE TABLE "PolicyTest" (
    "meshId" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "question" JSONB NOT NULL,
    "expect" JSONB NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "updatedById" TEXT,
    "updatedByName" TEXT NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "PolicyTest_pkey" PRIMARY KEY ("meshId", "id")
);
ALTER TABLE "PolicyTest" ADD CONSTRAINT "PolicyTest_meshId_fkey" FOREIGN KEY ("meshId") REFERENCES "Mesh"("id") ON DELETE CASCADE ON UPDATE CASCADE;
