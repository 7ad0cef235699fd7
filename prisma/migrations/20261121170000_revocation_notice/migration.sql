-- A person revokes a certificate: control planes read the deny list again.
CREATE TRIGGER "Certificate_notify" AFTER UPDATE OF "revokedAt" ON "Certificate" FOR EACH ROW
  WHEN (OLD."revokedAt" IS DISTINCT FROM NEW."revokedAt")
  EXECUTE FUNCTION meshwright_notify('meshwright_proxy', 'environmentId');
