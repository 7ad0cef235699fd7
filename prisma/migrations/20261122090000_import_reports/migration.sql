-- What each import that changed the draft was told: who, of which products, how much, and every warning.

CREATE TABLE "ImportReport" (
    "id" TEXT NOT NULL,
    "meshId" TEXT NOT NULL,
    "draftVersion" INTEGER NOT NULL,
    "dialect" TEXT NOT NULL,
    "products" JSONB NOT NULL DEFAULT '[]',
    "source" TEXT,
    "characters" INTEGER NOT NULL,
    "understood" INTEGER NOT NULL,
    "kept" INTEGER NOT NULL,
    "changes" INTEGER NOT NULL,
    "warningsTotal" INTEGER NOT NULL,
    "meaningTotal" INTEGER NOT NULL,
    "warnings" JSONB NOT NULL DEFAULT '[]',
    "importedById" TEXT,
    "importedByName" TEXT NOT NULL,
    "importedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ImportReport_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "ImportReport_meshId_draftVersion_key" ON "ImportReport"("meshId", "draftVersion");
ALTER TABLE "ImportReport" ADD CONSTRAINT "ImportReport_meshId_fkey" FOREIGN KEY ("meshId") REFERENCES "Mesh"("id") ON DELETE CASCADE ON UPDATE CASCADE;
