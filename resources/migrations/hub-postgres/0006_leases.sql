-- The lease out of which a grant was given: what the lease itself holds is cut by it, and gets it back.
ALTER TABLE "liveGrant" ADD COLUMN "leaseId" TEXT;

-- Hours that one device may give away by itself. Its claim and its answer are in booking, what is left of it in liveGrant.
CREATE TABLE lease (
  belt TEXT NOT NULL,
  "leaseId" TEXT NOT NULL,
  -- Author name of the device.
  holder TEXT NOT NULL,
  "untilMs" BIGINT NOT NULL,
  PRIMARY KEY (belt, "leaseId")
);
