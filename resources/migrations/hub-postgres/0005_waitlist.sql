-- The last word on whether a refused booking waits for its place, and where in the belt's order it was said.
CREATE TABLE "claimWait" (
  belt TEXT NOT NULL,
  "bookingId" TEXT NOT NULL,
  "hubSeq" BIGINT NOT NULL,
  waits INTEGER NOT NULL,
  "atMs" BIGINT NOT NULL,
  PRIMARY KEY (belt, "bookingId")
);
