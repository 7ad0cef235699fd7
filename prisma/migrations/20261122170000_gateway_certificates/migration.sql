-- Certificates that people give to gateways. Keys are sealed by the control plane's key file, each to its own row.
CREATE TABLE "GatewayCertificate" (
    "environmentId" TEXT NOT NULL,
    "namespace" TEXT NOT NULL,
    "gateway" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "chainPem" TEXT NOT NULL,
    "sealedKey" TEXT NOT NULL,
    "clientCaPem" TEXT,
    "setByName" TEXT NOT NULL,
    "setAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "GatewayCertificate_pkey" PRIMARY KEY ("environmentId", "namespace", "gateway", "name")
);
ALTER TABLE "GatewayCertificate" ADD CONSTRAINT "GatewayCertificate_environmentId_fkey" FOREIGN KEY ("environmentId") REFERENCES "Environment"("id") ON DELETE CASCADE ON UPDATE CASCADE;
